import { describe, expect, test } from 'vitest';
import { collect } from './collect.ts';
import { dropLedgerDeletes, joinAllDeletes, joinDelete, publishDeletes } from './ledger-deletes.ts';
import { Federation, hours, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const a = route('a');

/** Both members know `a`, then calls between them are cut. */
async function cutPair(): Promise<{ federation: Federation; us: TestMember; eu: TestMember }> {
  const federation = await Federation.start();
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  await us.cluster.write(a, { port: 1 });
  await federation.exchange();
  federation.cut('us', 'eu');
  return { federation, us, eu };
}

/** What the ledger's stream told a member of deletes, taken in. */
async function hear(member: TestMember): Promise<readonly string[]> {
  const outcomes: string[] = [];
  for (const change of member.heard.splice(0)) if (change.kind === 'delete') outcomes.push(await joinDelete(member.replica, change.delete));
  return outcomes;
}

describe('a delete', () => {
  test('travels by the ledger where no call gets through [I4]', async () => {
    const { federation, us, eu } = await cutPair();
    await us.cluster.delete(a);

    await publishDeletes(us.replica);
    federation.ledgers.settle();
    await hear(eu);

    expect(await eu.versions(a)).toEqual(['deleted']);
    expect((await eu.cluster.follow()).map(({ show }) => show.kind)).toEqual(['gone']);
  });

  test('told repeatedly, in any order, changes nothing more [I10]', async () => {
    const { federation, us, eu } = await cutPair();
    await us.cluster.delete(a);
    await publishDeletes(us.replica);
    federation.ledgers.deliver({ random: () => 0, repeatShare: 1 });
    await hear(eu);
    const before = await eu.row(a);

    await joinAllDeletes(eu.replica);
    await publishDeletes(us.replica);

    expect(await eu.row(a)).toEqual(before);
  });

  test('whose notice was lost is found in the ledger [I10]', async () => {
    const { federation, us, eu } = await cutPair();
    await us.cluster.delete(a);
    await publishDeletes(us.replica);
    federation.ledgers.deliver({ random: () => 0, silentShare: 1 });

    const joined = await joinAllDeletes(eu.replica);

    expect(eu.heard.filter(({ kind }) => kind === 'delete')).toEqual([]);
    expect(joined).toBe(1);
    expect(await eu.versions(a)).toEqual(['deleted']);
  });

  test('stays beside what was written concurrently elsewhere [I6]', async () => {
    const { federation, us, eu } = await cutPair();
    await eu.cluster.follow();
    await eu.cluster.write(a, { port: 2 });
    await us.cluster.delete(a);
    await publishDeletes(us.replica);
    federation.ledgers.settle();

    await hear(eu);

    expect([...(await eu.versions(a))].sort()).toEqual(['deleted', { port: 2 }].sort());
  });

  test('beside siblings is not published', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    await eu.cluster.write(a, { port: 2 });
    await us.cluster.delete(a);
    await us.pullFrom('eu');

    const published = await publishDeletes(us.replica);

    expect(await us.versions(a)).toHaveLength(2);
    expect(published).toBe(0);
    expect(await us.ledger.deletes()).toEqual([]);
  });

  test('that was overwritten before it was published is not published', async () => {
    const { us } = await cutPair();
    await us.cluster.delete(a);
    await us.cluster.write(a, { port: 3 });

    expect(await publishDeletes(us.replica)).toBe(0);
  });
});

describe('the outbox', () => {
  test('goes on where it was, and publishes each delete once', async () => {
    const { us } = await cutPair();
    await us.cluster.delete(a);
    const first = await publishDeletes(us.replica);
    await us.cluster.write(route('b'), { port: 1 });
    await us.cluster.delete(route('b'));

    const second = await publishDeletes(us.replica);

    expect([first, second, await publishDeletes(us.replica)]).toEqual([1, 1, 0]);
  });

  test('that died before it noted its position publishes again, into the same item', async () => {
    const { us } = await cutPair();
    await us.cluster.delete(a);
    us.onStore = (method, stage) => { if (method === 'putDocument' && stage === 'before') throw new Error('crash'); };
    await expect(publishDeletes(us.replica)).rejects.toThrow('crash');
    us.restart();

    await publishDeletes(us.replica);

    expect(await us.ledger.deletes()).toHaveLength(1);
  });

  test('follows logs of any length', async () => {
    const { us } = await cutPair();
    for (let at = 0; at < 60; at += 1) {
      await us.cluster.write(route('b'), { port: at });
      if (at % 20 === 0) await us.cluster.delete(route('b'));
    }
    await us.cluster.delete(route('b'));

    await publishDeletes(us.replica);

    expect(await us.ledger.deletes()).toHaveLength(1);
  });

  test('rests while the region recovers', async () => {
    const { us } = await cutPair();
    await us.cluster.delete(a);
    const { clock } = await us.store.state();
    if (clock !== undefined) us.ledger.putClock({ ...clock, state: 'recovering' });

    expect(await publishDeletes(us.replica)).toBe(0);
  });
});

describe('an item of the ledger [I10]', () => {
  const published = async (us: TestMember) => {
    await us.cluster.delete(a);
    await publishDeletes(us.replica);
    const [item] = await us.ledger.deletes();
    if (item === undefined) throw new Error('not published');
    return item;
  };

  test('by another member than its dot\'s owner is refused, and told', async () => {
    const { us, eu } = await cutPair();
    const item = await published(us);

    const outcome = await joinDelete(eu.replica, { ...item, member: 'ap' as typeof item.member });

    expect(outcome).toBe('refused');
    expect(await eu.versions(a)).toEqual([{ port: 1 }]);
    expect(eu.events.at(-1)).toMatchObject({ kind: 'PeerMisbehaved', member: 'ap' });
  });

  test('that is no single delete is refused', async () => {
    const { us, eu } = await cutPair();
    const row = await us.row(a);
    const item = await published(us);

    const live = await joinDelete(eu.replica, { ...item, row: { context: row?.context ?? new Map(), siblings: row?.siblings ?? [] } });
    const two = await joinDelete(eu.replica, { ...item, row: { ...item.row, siblings: [...item.row.siblings, ...item.row.siblings] } });
    const other = await joinDelete(eu.replica, { ...item, dot: { ...item.dot, counter: item.dot.counter + 1 } });

    expect([live, two, other]).toEqual(['refused', 'refused', 'refused']);
  });

  test('of an unknown incarnation is put off', async () => {
    const { us, eu } = await cutPair();
    const item = await published(us);
    const dot = { ...item.dot, incarnation: 'iunknown22' as typeof item.dot.incarnation };

    const outcome = await joinDelete(eu.replica, { ...item, dot, row: { ...item.row, siblings: item.row.siblings.map((sibling) => ({ ...sibling, dot })) } });

    expect(outcome).toBe('deferred');
  });

  test('of one\'s own is nothing new', async () => {
    const { us } = await cutPair();

    expect(await joinDelete(us.replica, await published(us))).toBe('applied');
  });

  test('is dropped by its owner once the delete is collected, and not before', async () => {
    const { federation, us, eu } = await cutPair();
    await published(us);
    federation.heal();
    await federation.exchange();
    const early = await dropLedgerDeletes(us.replica);
    federation.nowMs += hours(25);
    await federation.beats();

    const collected = await collect(us.replica);
    federation.ledgers.settle();

    expect(early).toBe(0);
    expect(collected).toMatchObject({ rows: 1, ledgerDeletes: 1 });
    expect(await eu.ledger.deletes()).toEqual([]);
  });

  test('is left alone by everybody else', async () => {
    const { federation, us, eu } = await cutPair();
    await published(us);
    federation.ledgers.settle();

    expect(await dropLedgerDeletes(eu.replica)).toBe(0);
    expect(await eu.ledger.deletes()).toHaveLength(1);
  });
});

describe('a store that cannot be reached', () => {
  test('leaves a delete in the ledger for the next time', async () => {
    const { federation, us, eu } = await cutPair();
    await us.cluster.delete(a);
    await publishDeletes(us.replica);
    federation.ledgers.settle();
    eu.onStore = (method) => { if (method === 'putOffLog') throw new Error('throttled'); };
    await expect(joinAllDeletes(eu.replica)).rejects.toThrow('throttled');
    eu.restart();

    expect(await joinAllDeletes(eu.replica)).toBe(1);
  });
});
