import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ClockRow } from '../model/clock-row.ts';
import type { Member, ResourceKey } from '../model/ids.ts';
import { asIncarnation, asMember } from '../model/ids.ts';
import type { Row } from '../model/row.ts';
import type { Ledger, LedgerChange, LedgerDelete } from './ledger.ts';
import { ALPHA, BETA, clockAt, commitOf, create, deletedSibling, firstStart, keyOf, keysOf, rowAt, segmentOf } from './store-acceptance/fixtures.ts';
import type { Store } from './store.ts';

/** A member's replica, the store that writes its clock row, and all that its listener was told so far. */
export interface LedgerReplica { readonly ledger: Ledger; readonly store: Store; readonly changes: readonly LedgerChange[] }

/** Empty replicas of one federation. */
export interface LedgersUnderTest {
  readonly replicas: ReadonlyMap<Member, LedgerReplica>;
  /** Lets everything arrive that is on its way between replicas. */
  settle(): Promise<void>;
  close(): Promise<void>;
}
export type LedgerFactory = (members: readonly Member[]) => Promise<LedgersUnderTest>;

const WEST = asMember('us-west');
const EAST = asMember('eu-west');

const deleteOf = (member: Member, key: ResourceKey, counter: number, incarnation = ALPHA): LedgerDelete => {
  const row: Row = { context: new Map([[incarnation, counter], [BETA, 3]]), siblings: [deletedSibling(counter, incarnation)] };
  return { member, key, dot: { incarnation, counter }, row };
};
const sorted = (deletes: readonly LedgerDelete[]): readonly LedgerDelete[] =>
  [...deletes].sort((a, b) => (a.member + a.key < b.member + b.key ? -1 : a.member + a.key > b.member + b.key ? 1 : a.dot.counter - b.dot.counter));

/** What every `Ledger` must do, together with the `Store` that writes its clock row. */
export function describeLedger(name: string, factory: LedgerFactory): void {
  describe(`${name} is a ledger`, () => {
    let current: LedgersUnderTest | undefined;
    beforeEach(async () => { current = await factory([WEST, EAST]); });
    afterEach(async () => { await current?.close(); });
    const at = (member: Member): LedgerReplica => {
      const replica = current?.replicas.get(member);
      if (replica === undefined) throw new Error(`no replica of ${member}`);
      return replica;
    };
    const settle = async (): Promise<void> => current?.settle();
    const clockOf = async (where: Member, whose: Member): Promise<ClockRow | undefined> => (await at(where).ledger.clocks()).get(whose);
    const eastClock = (head: number): ClockRow => clockAt(head, { member: EAST, incarnation: BETA });

    test('holds nothing at first', async () => {
      expect(await at(WEST).ledger.clocks()).toStrictEqual(new Map());
      expect(await at(WEST).ledger.deletes()).toStrictEqual([]);
      expect(await at(WEST).ledger.myClockElsewhere()).toBeUndefined();
      await at(WEST).ledger.dropDelete({ key: keyOf(1), dot: { incarnation: ALPHA, counter: 1 } });
    });

    test('has the clock row of a commit at once, and elsewhere when it has come there', async () => {
      const closed = clockAt(0, { closed: new Map([[asIncarnation('iearlier'), Number.MAX_SAFE_INTEGER], [asIncarnation('iearliest'), 3]]), bridgeEpoch: 7 });
      await at(WEST).store.startIncarnation(firstStart({ clock: closed }));
      expect(await clockOf(WEST, WEST)).toStrictEqual(closed);

      const transaction = commitOf([create(keyOf(1))], 0);
      expect(await at(WEST).store.commit(transaction)).toBe('ok');
      expect(await clockOf(WEST, WEST)).toStrictEqual(transaction.clock);

      await settle();
      expect(await at(EAST).ledger.clocks()).toStrictEqual(new Map([[WEST, transaction.clock]]));
      expect((await at(EAST).store.state()).clock).toBeUndefined();
    });

    test('does not move the clock row with a refused commit', async () => {
      await at(WEST).store.startIncarnation(firstStart());

      expect(await at(WEST).store.commit(commitOf([{ key: keyOf(1), next: rowAt(2), if: 1 }], 0))).toBe('stale');
      expect(await at(WEST).store.startIncarnation(firstStart({ clock: clockAt(9) }))).toBe('moved');
      await settle();

      expect(await clockOf(WEST, WEST)).toStrictEqual(clockAt(0));
      expect(await clockOf(EAST, WEST)).toStrictEqual(clockAt(0));
    });

    test('keeps every member its own clock row', async () => {
      await at(WEST).store.startIncarnation(firstStart());
      await at(EAST).store.startIncarnation(firstStart({ clock: eastClock(0) }));
      await settle();
      await at(EAST).store.commit({ ...commitOf([create(keyOf(1))], 0), clock: eastClock(1), segment: segmentOf(BETA, 1, 1, [keyOf(1)]) });
      await settle();

      const both = new Map([[WEST, clockAt(0)], [EAST, eastClock(1)]]);
      expect(await at(WEST).ledger.clocks()).toStrictEqual(both);
      expect(await at(EAST).ledger.clocks()).toStrictEqual(both);
    });

    test('never says that others know more of me than I do', async () => {
      await at(WEST).store.startIncarnation(firstStart());
      await settle();
      await at(WEST).store.commit(commitOf([create(keyOf(1))], 0));

      const elsewhere = await at(WEST).ledger.myClockElsewhere();
      expect(elsewhere?.head ?? 0).toBe(0);
      await settle();
      expect((await at(WEST).ledger.myClockElsewhere())?.head ?? 1).toBe(1);
    });

    test('carries deletes with their rows, and no local part', async () => {
      const first = deleteOf(WEST, keyOf(1), Number.MAX_SAFE_INTEGER);
      const second = deleteOf(EAST, keyOf(1), 7, BETA);
      await at(WEST).ledger.putDelete({ ...first, row: { ...rowAt(3), ...first.row } });
      await at(EAST).ledger.putDelete(second);
      expect(await at(WEST).ledger.deletes()).toStrictEqual([first]);

      await settle();

      expect(sorted(await at(WEST).ledger.deletes())).toStrictEqual([second, first]);
      expect(sorted(await at(EAST).ledger.deletes())).toStrictEqual([second, first]);
    });

    test('keeps a delete once however often it is put, and two of a resource apart', async () => {
      const [first, second] = [deleteOf(WEST, keyOf(1), 7), deleteOf(WEST, keyOf(1), 11)];
      for (const item of [first, second, first]) await at(WEST).ledger.putDelete(item);

      expect(sorted(await at(WEST).ledger.deletes())).toStrictEqual([first, second]);
    });

    test('refuses to publish for another member', async () => {
      await expect(at(WEST).ledger.putDelete(deleteOf(EAST, keyOf(1), 7))).rejects.toThrow(RangeError);
      expect(await at(WEST).ledger.deletes()).toStrictEqual([]);
    });

    test('drops own deletes everywhere, and never those of others', async () => {
      const [mine, kept] = [deleteOf(WEST, keyOf(1), 7), deleteOf(WEST, keyOf(2), 8)];
      await at(WEST).ledger.putDelete(mine);
      await at(WEST).ledger.putDelete(kept);
      await settle();

      await at(EAST).ledger.dropDelete(mine);
      await settle();
      expect(sorted(await at(EAST).ledger.deletes())).toStrictEqual([mine, kept]);

      await at(WEST).ledger.dropDelete(mine);
      expect(await at(WEST).ledger.deletes()).toStrictEqual([kept]);
      await settle();
      expect(await at(EAST).ledger.deletes()).toStrictEqual([kept]);

      await at(WEST).ledger.putDelete(mine);
      await settle();
      expect(sorted(await at(EAST).ledger.deletes())).toStrictEqual([mine, kept]);
    });

    test('holds more deletes than a page does', async () => {
      const deletes = keysOf(250).map((key, number) => deleteOf(WEST, key, number + 1));
      for (const item of deletes) await at(WEST).ledger.putDelete(item);
      await settle();

      expect(sorted(await at(EAST).ledger.deletes())).toStrictEqual(sorted(deletes));
    });

    test('tells of what comes from others', async () => {
      const item = deleteOf(WEST, keyOf(1), 7);
      await at(WEST).store.startIncarnation(firstStart());
      await at(WEST).ledger.putDelete(item);
      await settle();
      await at(WEST).ledger.dropDelete(item);
      await at(WEST).store.commit(commitOf([create(keyOf(1))], 0));
      await settle();

      const told = at(EAST).changes;
      expect(told).toContainEqual({ kind: 'clock', clock: clockAt(0) });
      expect(told.at(-1)).toStrictEqual({ kind: 'clock', clock: clockAt(1) });
      expect(told.filter((change) => change.kind === 'delete')).toStrictEqual([{ kind: 'delete', delete: item }]);
      expect(at(WEST).changes).toStrictEqual([]);
    });
  });
}
