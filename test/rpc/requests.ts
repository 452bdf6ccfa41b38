import type { DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import type { DescMessage } from '@bufbuild/protobuf';
import { asClusterId, asMember } from '../../shared/model/ids.ts';
import { writeCleanUpRequest } from '../../shared/wire/bridge-clean-up.ts';
import { writeCommitRequest } from '../../shared/wire/bridge-commit.ts';
import { writeBridgeCompareRequest, writeViewAtRequest } from '../../shared/wire/bridge-compare.ts';
import { writePutFederationRequest, writeReportStatusRequest } from '../../shared/wire/bridge-federation.ts';
import { writeBridgePullRequest, writeReportAppliedRequest } from '../../shared/wire/bridge-pull.ts';
import { writeHeartbeat } from '../../shared/wire/heartbeat.ts';
import { writeFetchContentsRequest, writeFetchRowsRequest, writePullRequest, writePushRequest } from '../../shared/wire/peer-messages.ts';
import { writeCompareRequest } from '../../shared/wire/compare-messages.ts';
import type { Role } from '../../shared/rpc/caller.ts';
import type { PerMethod } from '../../shared/rpc/methods.ts';
import { SERVICES } from '../../shared/rpc/methods.ts';
import { CONTENT, KEY, PAGE, PEER_BEAT } from './recording-handlers.ts';

const identity = { clusterId: asClusterId('cluster-1'), leaseEpoch: 1 };
const vector = PAGE.upTo;

type Inits = { readonly [Service in Role]: PerMethod<Service, Record<string, unknown>> };
/** A good request for every method of the contract. */
const INITS: Inits = {
  peer: {
    pull: writePullRequest({ since: vector, limit: 100 }),
    push: writePushRequest({ kind: 'page', page: { ...PAGE, from: asMember('eu-west') } }),
    heartbeat: { heartbeat: writeHeartbeat(PEER_BEAT) },
    compareDigests: writeCompareRequest({ kind: 'summary', summary: 'abc' }),
    fetchRows: writeFetchRowsRequest({ keys: [KEY], keyHashes: [], unindexed: undefined }),
    fetchContents: writeFetchContentsRequest({ wanted: [{ key: KEY, hash: CONTENT.hash }] }),
  },
  bridge: {
    putFederation: writePutFederationRequest({ ...identity, manifest: '{}', generation: 1, schemaGaps: [] }),
    commit: writeCommitRequest({ ...identity, session: 's', requestId: 'r', observations: [{ key: KEY, uid: 'u', resourceVersion: '1', token: undefined, state: { kind: 'live', content: CONTENT.text } }] }),
    pull: writeBridgePullRequest({ ...identity, since: vector, limit: 100, waitMs: 0 }),
    compare: writeBridgeCompareRequest({ ...identity, after: undefined, upTo: undefined, listResourceVersion: '7', objects: [{ key: KEY, uid: 'u', resourceVersion: '1', hash: CONTENT.hash, token: undefined }] }),
    viewAt: writeViewAtRequest({ ...identity, key: KEY, token: 't' }),
    reportApplied: writeReportAppliedRequest({ ...identity, applied: vector, exceptions: [], cleared: [], listResourceVersion: '7', filterHash: undefined }),
    cleanUp: writeCleanUpRequest({ ...identity, done: [{ key: KEY, kept: 'edited' }], after: KEY }),
    reportStatus: writeReportStatusRequest({ ...identity, objects: 1, dirty: 0, version: 'v1', ifNot: undefined }),
  },
  agent: { poll: { node: 'node-1', version: 'v1' } },
  operator: {
    status: {}, getResource: { key: KEY }, listResources: { limit: 10 }, applyResource: { manifest: CONTENT.text, requestId: 'r' }, deleteResource: { key: KEY, requestId: 'r' }, listConflicts: { all: true },
    describeConflict: { key: KEY }, resolveConflict: { key: KEY, keep: 'local', requestId: 'r' }, syncNow: {}, reconcile: {}, history: { key: KEY }, listDenied: {}, deny: { entry: 'peer/ap-east', reason: 'stolen' }, undeny: { entry: 'peer/ap-east' },
    listAgents: {}, rollback: { key: KEY, version: 'v1.1', requestId: 'r' }, verify: {}, evict: { member: 'eu-west', confirm: 'eu-west', requestId: 'r' }, approve: { holdId: 'up-1a2b3c', requestId: 'r' },
    reject: { holdId: 'down-1a2b3c', reason: 'a slip', requestId: 'r' }, drill: { requestId: 'r' }, leave: { confirm: 'us-west', requestId: 'r' }, listDeadLetters: {}, replayDeadLetters: { requestId: 'r' }, discardDeadLetters: { ids: ['push/0b5e3a1c'], requestId: 'r' },
  },
};

/** Methods whose work is not done yet. */
export const NOT_BUILT = new Set(['listAgents', 'rollback', 'verify', 'evict', 'drill']);

/** One method with a good request for it. */
export interface Method { readonly role: Role; readonly name: string; readonly path: string; readonly desc: DescMethodUnary; readonly init: MessageInitShape<DescMessage>; readonly binary: Uint8Array; readonly json: string }

export const METHODS: readonly Method[] = (Object.keys(SERVICES) as Role[]).flatMap((role) =>
  SERVICES[role].methods.map((desc) => {
    const inits: Readonly<Record<string, Record<string, unknown>>> = INITS[role];
    const init = inits[desc.localName] as MessageInitShape<DescMessage>;
    const message = create(desc.input, init);
    return { role, name: desc.localName, path: `/${desc.parent.typeName}/${desc.name}`, desc: desc as DescMethodUnary, init, binary: toBinary(desc.input, message), json: toJsonString(desc.input, message) };
  }));

export function methodNamed(role: Role, name: string): Method {
  const method = METHODS.find((candidate) => candidate.role === role && candidate.name === name);
  if (method === undefined) throw new RangeError(`no method ${role}.${name}`);
  return method;
}
