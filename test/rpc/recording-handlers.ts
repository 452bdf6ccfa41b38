import type { ClockRow } from '../../shared/model/clock-row.ts';
import { canonicalContent } from '../../shared/model/content.ts';
import { asHash, asIncarnation, asMember, asTableId } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { zeroStamp } from '../../shared/model/stamp.ts';
import type { DeadLetter } from '../../shared/ports/dead-letters.ts';
import type { ConflictInfo, DeniedInfo, FederationStatus, Operator, ResourceInfo } from '../../shared/ports/operator.ts';
import type { Heartbeat, Page } from '../../shared/ports/peer.ts';
import type { Region } from '../../shared/ports/region.ts';
import type { AgentHandlers } from '../../shared/rpc/agent-service.ts';
import type { PeerHandlers } from '../../shared/rpc/peer-service.ts';

export const KEY = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' });
export const CONTENT = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', spec: { hostnames: ['a.example.com'] } });
const INCARNATION = asIncarnation('iaaaaaaaaaa');
const vector = new Map([[INCARNATION, 3]]);

const clock: ClockRow = { member: asMember('us-west'), incarnation: INCARNATION, closed: new Map(), head: 3, hlc: { ...zeroStamp, member: asMember('us-west') }, tableId: asTableId('table'), bridgeEpoch: 0, state: 'serving' };
export const BEAT: Heartbeat = { federationId: 'prod-global', member: asMember('us-west'), clock, seen: vector, asks: undefined, sentAtMs: 1_760_000_000_000, agents: 2, reaches: [], hubSpec: undefined };
export const PEER_BEAT: Heartbeat = { ...BEAT, member: asMember('eu-west'), clock: { ...clock, member: asMember('eu-west') } };
export const PAGE: Page = {
  kind: 'page', from: asMember('us-west'), since: new Map(), upTo: vector, more: false,
  segments: [{ log: INCARNATION, first: 1, last: 3, entries: [{ counter: 3, key: KEY }], committedAtMs: 1_760_000_000_000, requestId: 'r1', closes: false }],
  answers: [{ key: KEY, answer: { kind: 'row', row: { context: vector, siblings: [{
    dot: { incarnation: INCARNATION, counter: 3 }, stamp: { ms: 1_760_000_000_000, counter: 0, member: asMember('us-west') }, writerContext: new Map(), covers: [], origin: 'operator',
    body: { kind: 'live', hash: CONTENT.hash, content: CONTENT.text, bytes: CONTENT.bytes, fields: { base: { dot: { incarnation: INCARNATION, counter: 3 }, stamp: zeroStamp }, set: new Map(), removed: new Map() } },
  }] } } }],
};
const resource: ResourceInfo = { key: KEY, manifest: CONTENT.text, hash: CONTENT.hash, versions: [], conflict: undefined };
export const DENIED: DeniedInfo = { entry: 'peer/ap-east', reason: 'stolen', sinceMs: 1_760_000_000_000 };
export const LETTER: DeadLetter = { id: 'push/0b5e3a1c', source: 'push', failedAtMs: 1_760_000_000_000, attempts: 3, error: 'Runtime.ExitError', summary: 'commit of 2 changes up to 7' };
export const CONFLICT: ConflictInfo = { key: KEY, status: 'pending', strategy: 'Manual', detectedAtMs: 1_760_000_000_000, overlapping: [], versions: [], winner: undefined, why: 'nobody decided yet' };
const status: FederationStatus = {
  federationId: 'prod-global', localMember: asMember('us-west'), phase: 'Healthy', mode: 'mesh', strategy: 'Manual', members: [], conflictsPending: 0, resources: 1, exceptions: [], conditions: [], holds: [],
  merkleRoot: '00', localVectorClock: {}, writesFenced: false, recovering: false, lastSyncMs: undefined, observedGeneration: 1,
};
const target = { key: KEY, show: { kind: 'live' as const, hash: CONTENT.hash, content: CONTENT.text, token: 'token' }, before: { kind: 'nothing' as const } };

/** Handlers that answer something sensible and write down every call; `replies` puts another answer in a method's place. */
export interface RecordingHandlers {
  readonly peer: PeerHandlers;
  readonly bridge: Region;
  readonly agent: AgentHandlers;
  readonly operator: Operator;
  readonly calls: { readonly method: string; readonly args: readonly unknown[] }[];
  readonly replies: Map<string, (...args: readonly unknown[]) => unknown>;
}

export function recordingHandlers(): RecordingHandlers {
  const calls: { method: string; args: readonly unknown[] }[] = [];
  const replies = new Map<string, (...args: readonly unknown[]) => unknown>();
  const record = <Handlers extends object>(service: string, handlers: Handlers): Handlers => Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, async (...args: readonly unknown[]) => {
    calls.push({ method: `${service}.${name}`, args });
    return (replies.get(`${service}.${name}`) ?? (handler as (...args: readonly unknown[]) => unknown))(...args);
  }])) as Handlers;
  return {
    calls, replies,
    peer: record<PeerHandlers>('peer', {
      pull: async () => PAGE,
      push: async () => ({ kind: 'applied', seen: vector }),
      heartbeat: async () => BEAT,
      compareDigests: async () => ({ kind: 'same' }),
      fetchRows: async () => ({ answers: PAGE.answers, rest: [] }),
      fetchContents: async () => ({ contents: new Map([[CONTENT.hash, CONTENT.text]]) }),
    }),
    bridge: record<Region>('bridge', {
      putFederation: async () => ({ accepted: true, member: asMember('us-west'), federationId: 'prod-global', paused: false, mode: 'mesh', isHub: false, filter: { resourceTypes: [], excludeNamespaces: [], ownershipMarks: ['team'] }, conditions: [], cleanUp: true }),
      pull: async () => ({ session: 's', kind: 'page', targets: [target], upTo: vector, more: false }),
      commit: async () => ({ kind: 'done', results: [{ key: KEY, outcome: 'unchanged', target: undefined }] }),
      compare: async () => ({ send: [KEY], apply: [target], readTo: undefined }),
      viewAt: async () => target,
      reportApplied: async () => undefined,
      cleanUp: async () => ({ remove: [{ key: KEY, show: { kind: 'gone' }, before: target.before }], next: KEY }),
      reportStatus: async () => ({ status: '{}', statusHash: 'h' }),
    }),
    agent: record<AgentHandlers>('agent', { poll: async () => ({ member: 'us-west', nextPollMs: 10_000n }) }),
    operator: record<Operator>('operator', {
      status: async () => status,
      get: async () => resource,
      list: async () => ({ resources: [resource], next: undefined }),
      apply: async () => ({ key: KEY, version: 'v1.4', outcome: 'created' }),
      delete: async () => 'deleted',
      conflicts: async () => [CONFLICT],
      conflict: async () => CONFLICT,
      resolve: async () => ({ version: 'v1.5' }),
      syncNow: async () => [{ peer: asMember('eu-west'), outcome: 'level', changes: 0, reason: undefined }],
      reconcile: async () => [{ peer: asMember('eu-west'), outcome: 'failed', repaired: 0, reason: 'eu-west cannot be reached' }],
      approve: async () => ({ resources: 12 }),
      reject: async () => ({ resources: 13 }),
      leave: async () => ({ left: false, obstacles: [{ reason: 'NotLevel', member: asMember('eu-west'), message: 'eu-west lacks 3 of the changes that are here' }], cleanUp: 'asked', fromOthers: 2, examples: [KEY], own: 5 }),
      denied: async () => [DENIED],
      deny: async () => DENIED,
      undeny: async () => 'removed',
      deadLetters: async () => ({ letters: [LETTER], total: 1 }),
      replayDeadLetters: async () => ({ replayed: 1, failed: 1, failures: [{ id: 'push/gone', reason: 'it is not there' }] }),
      discardDeadLetters: async () => ({ discarded: 1, failures: [{ id: 'push/gone', reason: 'it is not there' }] }),
      history: async () => [{ version: 'v1.3', member: asMember('us-west'), committedAtMs: undefined, what: 'written' }],
    }),
  };
}

export const SOME_HASH = asHash(CONTENT.hash);
