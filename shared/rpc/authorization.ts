import type { Member } from '../model/ids.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Caller } from './caller.ts';
import { callerName } from './caller.ts';
import type { PerMethod } from './methods.ts';

/** Who may call a method. */
export type Rule =
  /** Peers that the spec in force lists. */
  | 'listed-peer'
  /** The bridge of the local member. */
  | 'local-bridge'
  /** Agents of the local member or of a listed one, which fail over to here. */
  | 'member-agent'
  /** Any operator. */
  | 'viewer'
  /** Operators with the level admin. */
  | 'admin';

/** The one table of who may call what. The .proto files say the same in words, docs/rpc.md for users. */
export const AUTHORIZATION: { readonly peer: PerMethod<'peer', Rule>; readonly bridge: PerMethod<'bridge', Rule>; readonly agent: PerMethod<'agent', Rule>; readonly operator: PerMethod<'operator', Rule> } = {
  peer: { push: 'listed-peer', pull: 'listed-peer', compareDigests: 'listed-peer', fetchRows: 'listed-peer', fetchContents: 'listed-peer', heartbeat: 'listed-peer' },
  bridge: { putFederation: 'local-bridge', commit: 'local-bridge', pull: 'local-bridge', compare: 'local-bridge', viewAt: 'local-bridge', reportApplied: 'local-bridge', reportStatus: 'local-bridge', cleanUp: 'local-bridge' },
  agent: { poll: 'member-agent' },
  operator: {
    status: 'viewer', getResource: 'viewer', listResources: 'viewer', listConflicts: 'viewer', describeConflict: 'viewer', listAgents: 'viewer', history: 'viewer', verify: 'viewer', listDeadLetters: 'viewer', listDenied: 'viewer',
    applyResource: 'admin', deleteResource: 'admin', resolveConflict: 'admin', syncNow: 'admin', reconcile: 'admin', rollback: 'admin', evict: 'admin', approve: 'admin', reject: 'admin',
    drill: 'admin', leave: 'admin', replayDeadLetters: 'admin', discardDeadLetters: 'admin', deny: 'admin', undeny: 'admin',
  },
};

/** What a rule is judged by besides the caller. */
export interface Membership { readonly localMember: Member; readonly listedMembers: () => Promise<ReadonlySet<Member> | undefined> }

/**
 * @throws ReplicaError `refused` unless `caller` may call a method with this rule
 * @throws ReplicaError `initializing` where that depends on members that are not known yet
 */
export async function requireAllowed(rule: Rule, caller: Caller, membership: Membership): Promise<void> {
  if (await isAllowed(rule, caller, membership)) return;
  throw new ReplicaError('refused', `${callerName(caller)} may not call this: it is for ${WHO[rule]}`);
}

const WHO: Readonly<Record<Rule, string>> = {
  'listed-peer': 'peers that this member\'s federation object lists',
  'local-bridge': 'the bridge of the local member',
  'member-agent': 'agents of members that this member\'s federation object lists',
  viewer: 'operators',
  admin: 'operators with the level admin',
};

async function isAllowed(rule: Rule, caller: Caller, membership: Membership): Promise<boolean> {
  switch (rule) {
    case 'listed-peer': return caller.role === 'peer' && caller.member !== membership.localMember && (await isListed(caller.member, membership));
    case 'local-bridge': return caller.role === 'bridge' && caller.member === membership.localMember;
    case 'member-agent': return caller.role === 'agent' && (caller.member === membership.localMember || (await isListed(caller.member, membership)));
    case 'viewer': return caller.role === 'operator';
    case 'admin': return caller.role === 'operator' && caller.level === 'admin';
  }
}

async function isListed(member: Member, { listedMembers }: Membership): Promise<boolean> {
  const listed = await listedMembers();
  if (listed === undefined) throw new ReplicaError('initializing', 'this region has no federation spec yet and serves its own bridge and operators only; apply a NovaEdgeFederation in its cluster');
  return listed.has(member);
}
