/** A seeded bug: one place of the product, written wrongly. `find` must stand in the file exactly once. */
export interface Mutant { readonly name: string; readonly file: string; readonly find: string; readonly replace: string }

/** Each of these the simulation has to catch (docs/simulation.md). */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'an absent row with an empty context on commit',
    file: 'shared/model/write.ts',
    find: 'const before = row ?? absentRow(seen);\n  const writerContext = row === undefined ? mergeVectors(pending.context, seen) : pending.context;',
    replace: 'const before = row ?? absentRow(new Map());\n  const writerContext = pending.context;',
  },
  {
    name: 'an absent answer is ignored',
    file: 'shared/replica/apply.ts',
    find: 'const arriving = rowOf(answer);', replace: "if (answer.kind === 'absent') return 'unchanged'; const arriving = rowOf(answer);",
  },
  {
    name: 'a row that is absent here takes whatever arrives',
    file: 'shared/replica/apply.ts',
    find: 'absentRow(state === undefined ? new Map() : seenOf(state))', replace: 'absentRow(new Map())',
  },
  {
    name: 'deletes are collected by time only',
    file: 'shared/model/stability.ts',
    find: 'facts.unchangedForMs >= facts.tombstoneTtlMs && isStable(row, facts.seenHere, facts.settled)', replace: 'facts.unchangedForMs >= facts.tombstoneTtlMs',
  },
  {
    name: 'no new incarnation after a restore',
    file: 'shared/replica/recover.ts',
    find: "if (clock.tableId !== tableId) return { kind: 'lost', reason: 'the table is another than the clock row says: it was restored from a backup', prior: clock };", replace: '',
  },
  {
    name: 'recovery compares with one member only',
    file: 'shared/replica/recover.ts',
    find: 'if (!members.every((member) => done.has(member)))', replace: 'if (!members.some((member) => done.has(member)))',
  },
  {
    name: 'seen moves without its condition',
    file: 'shared/adapters/memory/memory-store.ts',
    find: 'if (counterOf(seen.others, log) !== counterOf(from, log))', replace: 'if (counterOf(from, log) < 0)',
  },
  {
    name: 'a page with missing answers is taken',
    file: 'shared/replica/apply.ts',
    find: '!joinsUp(segments, seen) || !isComplete(segments, page.answers)', replace: '!joinsUp(segments, seen)',
  },
  {
    name: 'a page that begins beyond what is here is taken',
    file: 'shared/replica/apply.ts',
    find: '!joinsUp(segments, seen) || !isComplete(segments, page.answers)', replace: '!isComplete(segments, page.answers)',
  },
  {
    name: 'the content is left out of the Merkle entry',
    file: 'shared/model/merkle.ts',
    find: '`${dotKey(sibling.dot)}=${bodyHash(sibling.body)}`', replace: "'one'",
  },
  {
    name: 'two handlers race without the condition of the row',
    file: 'shared/replica/apply.ts',
    find: "const put = { key, next, if: row?.local.revision ?? 'absent' } as const;", replace: "const now = (await replica.store.rows([key])).get(key); const put = { key, next, if: now?.local.revision ?? 'absent' } as const;",
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
    name: "a rebuilt cluster's emptiness is taken for deletes",
    file: 'shared/replica/cluster-identity.ts',
    find: 'const record: BridgeRecord = { clusterId, leaseEpoch, applied: emptyVector, listResourceVersion: undefined, filter: undefined,',
    replace: 'const record: BridgeRecord = { clusterId, leaseEpoch, applied: facts.record?.applied ?? emptyVector, listResourceVersion: undefined, filter: facts.record?.filter,',
  },
  {
    name: 'one cluster conflicts with itself',
    file: 'shared/model/write.ts',
    find: "if (origin === 'operator') return [];", replace: 'if (origin.length > 0) return [];',
  },
  {
    name: 'stamps do not rise above those in the row',
    file: 'shared/replica/commit.ts',
    find: 'raised(hlc, stampsOf(before))', replace: '{ ...nextStamp(replica.identity.member, nowMs, []) }',
  },
  {
    name: 'resynchronization without the delete-only rows',
    file: 'shared/replica/resynchronize.ts',
    find: 'const deletes = await takeDeleteOnlyRows(replica, peer, signal);', replace: 'const deletes = 0;',
  },
  {
    name: 'seen is read before the row on commit',
    file: 'shared/replica/commit.ts',
    find: 'const rows = await replica.store.rows(keys);\n    const state = await replica.store.state();', replace: 'const state = await replica.store.state();\n    const rows = await replica.store.rows(keys);',
  },
  {
    name: 'a commit without a token counts as made under the newest record',
    file: 'shared/replica/cluster-commit.ts',
    find: 'if (!isCurrent && (await someLackToken(replica, request.observations, facts)))', replace: 'if (!isCurrent && request.observations.length === 0)',
  },
];
