import type { Mutant } from './mutant.ts';

/** Bugs in what a member keeps, collects, loses and finds again. */
export const KEEPING: readonly Mutant[] = [
  {
    name: 'deletes are collected by time only',
    file: 'shared/model/stability.ts',
    find: 'facts.unchangedForMs >= facts.tombstoneTtlMs && isStable(row, facts.seenHere, facts.settled)', replace: 'facts.unchangedForMs >= facts.tombstoneTtlMs',
  },
  {
    name: 'only the first half of stability',
    file: 'shared/replica/collect.ts',
    find: 'return reports?.waiting !== undefined && covers(seenHere, reports.waiting) ? reports.waiting : reports?.settled;', replace: 'return reports?.waiting ?? reports?.settled ?? (seenHere.size < 0 ? seenHere : undefined);',
  },
  {
    name: 'deletes are collected without waiting for running handlers',
    file: 'shared/model/stability.ts',
    find: 'facts.unchangedForMs >= facts.tombstoneTtlMs && isStable', replace: 'facts.unchangedForMs >= 0 && isStable',
  },
  {
    name: 'segments expire before the floor moves',
    file: 'shared/adapters/memory/memory-store.ts',
    find: 'this.#tables.seen = { ...seen, floors: withCounter(seen.floors, log, to) };',
    replace: 'this.#tables.segments.get(log)?.dropBelow(to, Infinity); this.#tables.seen = { ...seen, floors: withCounter(seen.floors, log, to - 1) };',
    // Whoever reads the log would see the gap even so.
    also: { file: 'shared/replica/pages.ts', find: '!areContiguous(segments, from)', replace: '!areContiguous(segments, (segments[0]?.first ?? 1) - 1)' },
  },
  {
    name: 'a log with a gap is answered as it is',
    file: 'shared/replica/pages.ts',
    find: '    if (from < counterOf(state.seen.floors, log)) return compacted;\n    const room = Math.min(MAX_ADVANCE_SEGMENTS - taken.length, limit - entries);\n    if (room <= 0) { more = true; continue; }\n    const found = await replica.store.segments(log, from, room);\n    const segments = takeEntries(found.map((segment) => segmentAfter(segment, from)).filter((segment) => segment !== undefined), limit - entries);\n    if (segments.length === 0 || !areContiguous(segments, from)) return compacted;',
    replace: '    const room = Math.min(MAX_ADVANCE_SEGMENTS - taken.length, limit - entries);\n    if (room <= 0) { more = true; continue; }\n    const found = await replica.store.segments(log, from, room);\n    const segments = takeEntries(found.map((segment) => segmentAfter(segment, from)).filter((segment) => segment !== undefined), limit - entries);\n    if (segments.length === 0) continue;',
  },
  {
    name: 'no new incarnation after a restore',
    file: 'shared/replica/inspect-self.ts',
    find: 'if (ahead === undefined && clock.tableId !== tableId) return restored(clock);', replace: '',
    also: { file: 'shared/replica/inspect-self.ts', find: 'if (own.tableId !== tableId) return restored(own);', replace: '' },
  },
  {
    name: 'an incarnation name is used twice',
    file: 'shared/replica/recover.ts',
    find: 'const incarnation = newIncarnation(replica.random.bytes(NAME_RANDOM_BYTES));\n  const next: ClockRow = { ...clock, incarnation,', replace: 'const incarnation = old;\n  const next: ClockRow = { ...clock, incarnation,',
  },
  {
    name: 'the old incarnation is not closed',
    file: 'shared/replica/recover.ts',
    find: 'closed: new Map([...clock.closed, [old, last]]), head: 0', replace: 'closed: new Map([...clock.closed].filter(() => old !== incarnation)), head: 0',
  },
  {
    name: 'the old incarnation is closed where the restored table ends',
    file: 'shared/replica/recover.ts',
    find: 'const last = Math.max(clock.head, counterOf(known, old));', replace: 'const last = (await replica.store.newestSegment(old))?.last ?? counterOf(known, old);',
  },
  {
    name: 'recovery compares with one member only',
    file: 'shared/replica/recover.ts',
    find: 'if (!members.every((member) => done.has(member)))', replace: 'if (!members.some((member) => done.has(member)))',
  },
  {
    name: 'recovery is noticed after the first commit',
    file: 'shared/replica/recover.ts',
    find: "if (clock.state !== 'serving' || clock.tableId !== state.tableId) {", replace: "if (clock.state !== 'serving') {",
  },
  {
    name: 'a restored table has seen what it says',
    file: 'shared/replica/position.ts',
    find: 'if (clock !== undefined && clock.tableId !== tableId) return emptyVector;', replace: 'if (clock === undefined && tableId.length === 0) return emptyVector;',
  },
  {
    name: "the region's own log keeps its name after a restore",
    file: 'shared/replica/recover.ts',
    find: '  await replica.store.dropDocument(DOCUMENTS.recovery);\n', replace: '  await replica.store.dropDocument(DOCUMENTS.recovery);\n  const { local: kept = newLocal(replica) } = await replica.store.state();\n',
    also: { file: 'shared/replica/recover.ts', find: '    local: newLocal(replica),\n    others: new Map(),', replace: '    local: kept,\n    others: new Map(),' },
  },
  {
    name: 'a recovery is begun from whatever the clock row says by then',
    file: 'shared/replica/recover.ts',
    find: '  const outcome = await moving(replica, () => replica.store.startIncarnation({\n    if: conditionOf(own),',
    replace: '  const latest = (await replica.store.state()).clock ?? own;\n  const outcome = await moving(replica, () => replica.store.startIncarnation({\n    if: conditionOf(latest),',
  },
  {
    name: 'what was told before a loss of state still counts',
    file: 'shared/replica/recover.ts',
    find: "if ((await beat(replica, peer, signal)) !== 'answered') {", replace: "if (members.length < 0) {",
    also: { file: 'shared/replica/recover.ts', find: '\n  await forgetReports(replica);', replace: '' },
  },
  {
    name: 'nobody waits for the last writes of a member that has left',
    file: 'shared/replica/collect.ts',
    find: '...await lastWords(replica, settings.left, seenOf(state))]', replace: '...(await lastWords(replica, settings.left, seenOf(state))).slice(0, 0)]',
  },
  {
    name: 'a member that was made to leave is followed no more',
    file: 'shared/replica/pulled-from.ts',
    find: 'if (left.length === 0 ||', replace: 'if (left.length < 1_000 ||',
  },
];
