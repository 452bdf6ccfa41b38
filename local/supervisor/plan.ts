import { join } from 'node:path';

/** What runs where: derived from the data folder, the members' names and the first port, and from nothing else. */
export interface Plan {
  readonly data: string;
  readonly federationId: string;
  /** Whether the members' clusters are API servers, which keep their data in the members' folders, and no folders of manifests. */
  readonly kubernetes: boolean;
  /** In hub-spoke, the member that writes for all; undefined: the federation is a mesh. */
  readonly hub: string | undefined;
  readonly members: readonly MemberPlan[];
  /** One relay for each direction between two members, for calls and for the ledger. */
  readonly relays: readonly RelayPlan[];
}
export interface MemberPlan {
  readonly name: string;
  readonly region: string;
  readonly port: number;
  readonly folder: string;
  readonly database: string;
  readonly log: string;
  readonly config: string;
}
export interface RelayPlan { readonly from: string; readonly to: string; readonly kind: 'rpc' | 'ledger'; readonly port: number; readonly targetPort: number }

export const FEDERATION_ID = 'local';
export const NAMES: readonly string[] = ['us-west', 'eu-west', 'ap-east', 'sa-east', 'us-east', 'eu-north', 'ap-south', 'af-south', 'me-central'];
export const MAX_MEMBERS = NAMES.length;

/** Ports needed for so many members: one each, and two relays for each direction between two. */
export const portsNeeded = (members: number): number => members + members * (members - 1) * 2;

export function makePlan(data: string, memberCount: number, firstPort: number, { kubernetes = false, hub }: { readonly kubernetes?: boolean; readonly hub?: string | undefined } = {}): Plan {
  const names = NAMES.slice(0, memberCount);
  const members = names.map((name, at) => ({
    name,
    region: name,
    port: firstPort + at,
    folder: join(data, 'clusters', name),
    database: join(data, 'members', name, 'state.sqlite'),
    log: join(data, 'members', name, 'log.jsonl'),
    config: join(data, 'members', name, 'config.json'),
  }));
  let port = firstPort + memberCount;
  const relays = members.flatMap((from) => members.filter((to) => to !== from).flatMap((to) =>
    (['rpc', 'ledger'] as const).map((kind) => ({ from: from.name, to: to.name, kind, port: port++, targetPort: to.port }))));
  return { data, federationId: FEDERATION_ID, kubernetes, hub, members, relays };
}

/** Where `from` reaches `to`. @throws RangeError for members that are not there */
export function relayPort(plan: Plan, from: string, to: string, kind: RelayPlan['kind']): number {
  const relay = plan.relays.find((candidate) => candidate.from === from && candidate.to === to && candidate.kind === kind);
  if (relay === undefined) throw new RangeError(`no relay from ${from} to ${to}`);
  return relay.port;
}
