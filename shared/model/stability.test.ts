import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reachableStates, vectors } from './arbitraries.ts';
import { canonicalContent } from './content.ts';
import type { Incarnation } from './ids.ts';
import { asClusterId, asIncarnation, asMember } from './ids.ts';
import { join } from './join.ts';
import { writtenWhole } from './provenance.ts';
import type { Row } from './row.ts';
import { absentRow, isDeleteOnly } from './row.ts';
import type { Reports } from './stability.ts';
import { isCollectable, isStable, noReports, noteReport } from './stability.ts';
import type { VersionVector } from './version-vector.ts';
import { covers, emptyVector, mergeVectors, withCounter } from './version-vector.ts';
import { viewOf } from './view.ts';
import { write } from './write.ts';

const us = asIncarnation('iusxxxxxxxx');
const eu = asIncarnation('ieuxxxxxxxx');
const { text, hash, bytes } = canonicalContent({ spec: {} });

/** A write of us or eu, whose stamp is `ms`. */
const writeAt = (row: Row | undefined, at: Incarnation, counter: number, ms: number, what: 'live' | 'deleted', context: VersionVector = row?.context ?? emptyVector): Row => {
  const made = { dot: { incarnation: at, counter }, stamp: { ms, counter: 0, member: asMember(at) } };
  return write(row, emptyVector, {
    ...made, context, origin: asClusterId(at),
    body: () => (what === 'deleted' ? { kind: 'deleted' } : { kind: 'live', hash, bytes, content: text, fields: writtenWhole(made) }),
  }).row;
};
const shown = (row: Row): string => viewOf('ProxyRoute', row, 'LastWriterWins', { clusterId: undefined, shownHash: undefined }).body.kind;
const longAgo = { unchangedForMs: 10, tombstoneTtlMs: 10 };

describe('a delete is collected only where it is stable, and each half of that is needed [I8]', () => {
  const created = writeAt(undefined, us, 1, 1, 'live');

  /** us deletes at 30, eu edits at 20 without having seen it: the delete is the last writer. */
  const deleted = writeAt(created, us, 2, 30, 'deleted');
  const edited = writeAt(created, eu, 1, 20, 'live');
  const [usSeen, euSeen] = [deleted.context, edited.context];
  const everything = mergeVectors(usSeen, euSeen);

  test('the history: kept, the delete wins on both sides', () => {
    expect(shown(join(deleted, edited))).toBe('deleted');
  });

  test('every member must have seen it: one that has not may still write beside it', () => {
    // us has heard from eu, when eu had seen the creation only; eu's edit comes later.
    const heard = noteReport(noReports, created.context, usSeen).settled;
    expect(isCollectable(deleted, { ...longAgo, seenHere: usSeen, settled: [heard] })).toBe(false);

    // Collected all the same, us is absent; eu's edit arrives there and stands alone.
    expect(shown(join(absentRow(usSeen), edited))).toBe('live');
  });

  test('what they had written by then must have arrived here: it may stand beside the delete', () => {
    // eu has edited, then seen the delete, and says so; its edit is still on the way to us.
    const atEu = join(edited, deleted);
    const heard = noteReport(noReports, everything, usSeen);
    expect(heard).toEqual({ settled: undefined, waiting: everything });
    expect(isCollectable(deleted, { ...longAgo, seenHere: usSeen, settled: [heard.settled] })).toBe(false);

    // Collected all the same, the edit comes back alone, and takes the delete with it at eu, where it had lost.
    const atUs = join(absentRow(usSeen), atEu);
    expect([shown(atEu), shown(atUs), shown(join(atEu, atUs))]).toEqual(['deleted', 'live', 'live']);

    // Waiting for it, us has both versions, and nothing to collect: the edit is kept until a write covers it.
    const caughtUp = join(deleted, atEu);
    expect(noteReport(heard, everything, everything).settled).toBe(everything);
    expect(isCollectable(caughtUp, { ...longAgo, seenHere: everything, settled: [everything] })).toBe(false);
  });

  test('once both hold it goes, and stays gone whatever arrives late', () => {
    const known = { ...longAgo, seenHere: usSeen, settled: [usSeen] };
    expect(isCollectable(deleted, known)).toBe(true);

    for (const late of [created, deleted]) expect(join(absentRow(usSeen), late).siblings).toEqual([]);
  });

  test('not before its time, nor beside a live version, nor while a member was never heard', () => {
    const known = { ...longAgo, seenHere: everything, settled: [everything] };
    expect(isCollectable(deleted, { ...known, unchangedForMs: 9 })).toBe(false);
    expect(isCollectable(join(deleted, edited), known)).toBe(false);
    expect(isCollectable(created, known)).toBe(false);
    expect(isCollectable(deleted, { ...known, settled: [everything, undefined] })).toBe(false);
    expect(isCollectable(absentRow(everything), known)).toBe(false);
  });

  test('a federation of one has nobody to wait for', () => {
    expect(isCollectable(deleted, { ...longAgo, seenHere: usSeen, settled: [] })).toBe(true);
  });

  test('stable means covered by everybody, on any reachable row', () => {
    fc.assert(fc.property(reachableStates, fc.array(vectors, { maxLength: 3 }), vectors, ({ rows: [row] }, settled, seenHere) => {
      const all = [seenHere, ...settled];
      expect(isStable(row, seenHere, settled)).toBe(all.every((seen) => covers(seen, row.context)));
      expect(isCollectable(row, { ...longAgo, seenHere, settled })).toBe(isDeleteOnly(row) && isStable(row, seenHere, settled));
    }));
  });
});

describe('reports of a member', () => {
  const rounds = fc.array(fc.record({ theirs: fc.nat({ max: 2 }), caughtUpTo: fc.nat({ max: 3 }) }), { maxLength: 20 });

  /** They write all the time; here arrives whatever `caughtUpTo` rounds ago they had. */
  function reportsAfter(steps: readonly { readonly theirs: number; readonly caughtUpTo: number }[]): { reports: Reports; seenHere: VersionVector; said: readonly VersionVector[] } {
    let [theirs, seenHere, reports]: [VersionVector, VersionVector, Reports] = [emptyVector, emptyVector, noReports];
    const said: VersionVector[] = [];
    for (const step of steps) {
      theirs = withCounter(theirs, eu, (theirs.get(eu) ?? 0) + step.theirs);
      said.push(theirs);
      seenHere = mergeVectors(seenHere, said.at(-1 - step.caughtUpTo) ?? emptyVector);
      reports = noteReport(reports, theirs, seenHere);
    }
    return { reports, seenHere, said };
  }

  test('a settled report is one that was made, and all of it has arrived here', () => {
    fc.assert(fc.property(rounds, (steps) => {
      const { reports: { settled, waiting }, seenHere, said } = reportsAfter(steps);
      expect(settled === undefined || (said.includes(settled) && covers(seenHere, settled))).toBe(true);
      expect(waiting === undefined || (said.includes(waiting) && !covers(seenHere, waiting))).toBe(true);
    }));
  });

  test('under constant traffic, one round behind, reports settle all the same', () => {
    const { reports, said } = reportsAfter(Array.from({ length: 50 }, () => ({ theirs: 1, caughtUpTo: 1 })));

    expect(said.indexOf(reports.settled ?? emptyVector)).toBeGreaterThanOrEqual(47);
  });

  test('under constant traffic, always three rounds behind, reports settle all the same', () => {
    const { reports, said } = reportsAfter(Array.from({ length: 50 }, () => ({ theirs: 1, caughtUpTo: 3 })));

    expect(said.indexOf(reports.settled ?? emptyVector)).toBeGreaterThanOrEqual(43);
  });

  test('one that waits is not replaced by a newer one', () => {
    const [older, newer] = [new Map([[eu, 5]]), new Map([[eu, 9]])];
    const waiting = noteReport(noReports, older, emptyVector);

    expect(noteReport(waiting, newer, emptyVector)).toEqual({ settled: undefined, waiting: older });
    expect(noteReport(waiting, newer, older)).toEqual({ settled: older, waiting: newer });
    expect(noteReport(waiting, newer, newer)).toEqual({ settled: newer, waiting: undefined });
  });
});
