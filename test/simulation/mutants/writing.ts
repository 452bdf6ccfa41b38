import type { Mutant } from './mutant.ts';

/** Bugs in how a member makes a write of its own. */
export const WRITING: readonly Mutant[] = [
  {
    name: 'an absent row with an empty context on commit',
    file: 'shared/model/write.ts',
    find: 'const before = row ?? absentRow(seen);\n  const writerContext = row === undefined ? mergeVectors(pending.context, seen) : pending.context;',
    replace: 'const before = row ?? absentRow(new Map());\n  const writerContext = pending.context;',
  },
  {
    name: 'one cluster conflicts with itself',
    file: 'shared/model/write.ts',
    find: "if (origin === 'operator') return [];", replace: 'if (origin.length > 0) return [];',
  },
  {
    name: 'own earlier writes are covered as a vector, an operator’s between them included',
    file: 'shared/model/write.ts',
    find: 'const kept = before.siblings.filter((other) => !writerKnew(sibling, other.dot));',
    replace: 'const kept = before.siblings.filter((other) => !writerKnew(sibling, other.dot) && !(sibling.covers.length > 0 && other.dot.incarnation === sibling.dot.incarnation));',
  },
  {
    name: 'a write covers whatever stands in the row',
    file: 'shared/model/write.ts',
    find: 'const kept = before.siblings.filter((other) => !writerKnew(sibling, other.dot));', replace: 'const kept = before.siblings.filter((other) => writerKnew(sibling, other.dot) && false);',
  },
  {
    name: 'a row that comes back has the revision of the one that went',
    file: 'shared/replica/local-part.ts',
    find: 'revision: local === undefined ? Buffer.from(random.bytes(FIRST_REVISION_BYTES)).readUIntBE(0, FIRST_REVISION_BYTES) : local.revision + 1,',
    replace: 'revision: (local?.revision ?? Math.min(0, random.bytes(FIRST_REVISION_BYTES).length)) + 1,',
  },
  {
    name: 'seen is read before the row on commit',
    file: 'shared/replica/commit.ts',
    find: 'const rows = await replica.store.rows(keys);\n    const state = await replica.store.state();', replace: 'const state = await replica.store.state();\n    const rows = await replica.store.rows(keys);',
  },
  {
    name: 'stamps do not rise above those in the row',
    file: 'shared/replica/commit.ts',
    find: 'raised(hlc, stampsOf(before))', replace: '{ ...nextStamp(replica.identity.member, nowMs, []) }',
  },
  {
    name: 'stamps do not rise above what was seen',
    file: 'shared/replica/commit.ts',
    find: 'const hlc = nextStamp(replica.identity.member, nowMs, [clock.hlc, state.seen.maxStamp]);', replace: 'const hlc = nextStamp(replica.identity.member, nowMs, []);',
  },
  {
    name: 'a stamp from the far future moves the clock',
    file: 'shared/model/stamp.ts',
    find: 'stamp.ms <= nowMs + MAX_CLOCK_LEAD_MS', replace: 'stamp.ms <= Infinity',
  },
  {
    name: 'a delete against an update is stored as an empty object',
    file: 'shared/replica/observe.ts',
    find: "context: token?.context ?? row.context, firstContact: false, body: () => ({ kind: 'deleted' }) }",
    replace: "context: token?.context ?? row.context, firstContact: false, body: (write) => (row.siblings.length > 1 ? { kind: 'live', hash: contentOf('{}').hash, content: '{}', bytes: 2, fields: { base: write, set: new Map(), removed: new Map() } } : { kind: 'deleted' }) }",
  },
  {
    name: 'a late retry of a bridge is taken for a new edit',
    file: 'shared/replica/observe.ts',
    find: 'return last?.clusterId === record.clusterId && !isNewerVersion(observation.resourceVersion, last.resourceVersion);', replace: 'return last === undefined && record === undefined;',
  },
  {
    name: 'an old token with its matching hash is taken for an echo',
    file: 'shared/replica/observe.ts',
    find: 'if (!covers(token.context, shown.tokensCover)) return false;', replace: 'if (!covers(token.context, shown.tokensCover)) return true;',
  },
  {
    name: 'the newest token is told by what its editor knew',
    file: 'shared/replica/observe.ts',
    find: 'if (!covers(token.context, shown.tokensCover)) return false;', replace: 'if (!covers(token.context, shown.context)) return false;',
  },
  {
    name: 'the version an edit started from is forgotten',
    file: 'shared/replica/observe.ts',
    find: 'fields: editProvenance(kind, write, base, content.text, undefined)', replace: 'fields: editProvenance(kind, write, base === undefined ? base : undefined, content.text, undefined)',
  },
  {
    name: 'a token of another cluster counts',
    file: 'shared/model/token.ts',
    find: "mac(secret, ['token', scope.federationId, scope.clusterId, scope.key, body])", replace: "mac(secret, ['token', scope.federationId, scope.key, body])",
  },
  {
    name: 'absence is a delete whatever was applied',
    file: 'shared/replica/observe.ts',
    find: "shown?.hash !== undefined && isApplied(row, facts, observation.key) : row.siblings.every(wasShown) || isApplied(row, facts, observation.key);", replace: 'true : true;',
  },
  {
    name: 'a commit without a token counts as made under the newest record',
    file: 'shared/replica/cluster-commit.ts',
    find: 'if (!isCurrent && (await someLackToken(replica, request.observations, facts)))', replace: 'if (!isCurrent && request.observations.length === 0)',
  },
  {
    name: 'a write session lives for ever',
    file: 'shared/replica/cluster-commit.ts',
    find: 'replica.clock.nowMs() - session.issuedAtMs > SESSION_LIFE_MS', replace: 'replica.clock.nowMs() - session.issuedAtMs > SESSION_LIFE_MS * 1e9',
  },
  {
    name: "a rebuilt cluster's emptiness is taken for deletes",
    file: 'shared/replica/cluster-identity.ts',
    find: 'applied: emptyVector, listResourceVersion: undefined, filter: undefined, epochsBefore', replace: 'applied: facts.record?.applied ?? emptyVector, listResourceVersion: undefined, filter: facts.record?.filter, epochsBefore',
  },
];
