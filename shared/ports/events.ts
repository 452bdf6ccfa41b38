import type { Member, ResourceKey } from '../model/ids.ts';

/** What a region tells the world: on AWS these go to the region's EventBridge bus, elsewhere to local listeners. */
export type FederationEvent =
  | { readonly kind: 'Committed'; readonly head: number; readonly changes: number }
  | { readonly kind: 'RowsChanged' }
  | { readonly kind: 'SpecChanged' }
  | { readonly kind: 'ConflictDetected'; readonly key: ResourceKey }
  | { readonly kind: 'ConflictResolved'; readonly key: ResourceKey }
  | { readonly kind: 'MemberUnhealthy'; readonly member: Member; readonly reason: string }
  | { readonly kind: 'MemberHealthy'; readonly member: Member }
  | { readonly kind: 'PeerMisbehaved'; readonly member: Member; readonly reason: string }
  | { readonly kind: 'StateLost'; readonly reason: string };

/** Publishing never fails a caller: an adapter swallows nothing silently but logs and goes on. */
export interface Events {
  publish(event: FederationEvent): Promise<void>;
}

/** Wakes those who wait for a change of this region. May wake for nothing, and on Lambda does so every second. */
export interface Wakeups {
  /** Armed before looking, so that a change between looking and waiting is not missed. */
  arm(): { wait(maxMs: number, signal: AbortSignal): Promise<void> };
}
