import { MAX_MESSAGE_BYTES } from '../wire/limits.ts';
import type { Role } from './caller.ts';

/** What the callers of one role may ask for. Each role has its own, so that none waits behind another. */
export interface RoleLimits {
  /** A request before compression; also after decompression, so that a small body cannot become a large one. */
  readonly requestBytes: number;
  /** Requests of one identity: as many at once, and so many a second from then on. */
  readonly burst: number;
  readonly perSecond: number;
  /** Calls under way at once, of all identities of the role and of one of them. */
  readonly concurrent: number;
  readonly concurrentPerIdentity: number;
}

export interface RpcLimits {
  readonly roles: Readonly<Record<Role, RoleLimits>>;
  /** An answer before compression. */
  readonly responseBytes: number;
  /** A call is aborted and answered after this time. */
  readonly callTimeoutMs: number;
}

/** An agent's poll carries a reachability report, never configuration. */
const AGENT_REQUEST_BYTES = 256 * 1024;

export const DEFAULT_LIMITS: RpcLimits = {
  roles: {
    // A resynchronization asks for page after page as fast as it is answered; on one machine that is some hundred a second.
    peer: { requestBytes: MAX_MESSAGE_BYTES, burst: 2000, perSecond: 1000, concurrent: 64, concurrentPerIdentity: 16 },
    // One bridge, with one pull that waits and commits beside it; a second one for a moment when the lease changes hands.
    bridge: { requestBytes: MAX_MESSAGE_BYTES, burst: 1000, perSecond: 500, concurrent: 32, concurrentPerIdentity: 32 },
    // A thousand nodes may share one certificate, and each has a poll that waits.
    agent: { requestBytes: AGENT_REQUEST_BYTES, burst: 2000, perSecond: 500, concurrent: 2000, concurrentPerIdentity: 2000 },
    // People and scripts; a manifest is at most one content.
    operator: { requestBytes: MAX_MESSAGE_BYTES, burst: 500, perSecond: 50, concurrent: 16, concurrentPerIdentity: 8 },
  },
  responseBytes: MAX_MESSAGE_BYTES,
  // API Gateway gives up after 30 s; a waiting pull takes 20 s at most.
  callTimeoutMs: 29_000,
};

/** Identities whose quota is remembered, per role. Those that rested longest are forgotten, which gives them a full one. */
export const MAX_REMEMBERED_IDENTITIES = 10_000;
