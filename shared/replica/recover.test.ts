import { describe, expect, test } from 'vitest';
import { asTableId } from '../model/ids.ts';
import { dotKey } from '../model/version-vector.ts';
import { collect } from './collect.ts';
import { commit } from './commit.ts';
import { ownHeartbeat, receiveHeartbeat } from './heartbeat.ts';
import { inspectSelf } from './inspect-self.ts';
import { peerRecord } from './known-members.ts';
import { refreshIndex } from './merkle-index.ts';
import { travellingPart } from './pages.ts';
import { ensureServing, lookBeforeServing } from './recover.ts';
import { Federation, hours, never, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const [kept, passedOn, orphan, theirs] = [route('kept'), route('passed-on'), route('orphan'), route('theirs')];

interface Restored { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember; readonly others: readonly TestMember[] }

/**
 * `us` was restored to a backup that has `kept`. Since then it wrote `passed-on`, which the others have, and `orphan`, which
 * nobody has; `eu` wrote `theirs`, which `us` had as well.
 */
async function restored(members: readonly string[] = ['us', 'eu']): Promise<Restored> {
  const federation = await Federation.start({ members });
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  await us.cluster.write(kept, { port: 1 });
  await federation.exchange();
  const backup = us.store.snapshot();
  await us.cluster.write(passedOn, { port: 2 });
  await eu.cluster.write(theirs, { port: 4 });
  await federation.exchange();
  await us.cluster.write(orphan, { port: 3 });
  us.restoreTable(backup, 'table-restored');
  return { federation, us, eu, others: federation.all.filter(({ name }) => name !== 'us') };
}

const WRITES = new Set(['commit', 'putRow', 'putOffLog', 'advance', 'startIncarnation', 'moveFloor', 'dropSegmentsBelowFloor', 'putContent', 'putDocument', 'dropDocument', 'putIndex']);

/** The k-th write of a member fails, and with it its process. Says whether there was one. */
function crashAtWrite(member: TestMember, k: number, at: 'before' | 'after'): { readonly happened: () => boolean } {
  let writes = 0;
  let crashed = false;
  member.onStore = (method, stage) => {
    if (crashed) throw new Error('the process is dead');
    if (stage !== at || !WRITES.has(method)) return;
    writes += 1;
    if (writes !== k) return;
    crashed = true;
    throw new Error(`crash ${at} write ${k.toString()}, ${method}`);
  };
  return { happened: () => crashed };
}

describe('a region at its start', () => {
  test('begins its first incarnation', async () => {
    const us = new Federation().member('us');

    expect(await inspectSelf(us.replica)).toEqual({ kind: 'new' });
    expect(await ensureServing(us.replica, never)).toBe('serving');
    expect((await us.store.state()).clock).toMatchObject({ head: 0, state: 'serving', closed: new Map() });
  });

  test('that lost nothing goes on under its incarnation', async () => {
    const { us } = await intact();
    const before = await us.incarnation();
    us.restart();

    await ensureServing(us.replica, never);

    expect(await us.incarnation()).toBe(before);
  });

  test('whose own log begins at one gives every follower its name', async () => {
    const { us } = await intact();

    expect((await us.store.state()).local?.head).toBeGreaterThanOrEqual(1);
  });
});

/** Does something once, right after a member's region has read its state. */
function afterFirstLook(member: TestMember, work: () => Promise<unknown>): void {
  let isDone = false;
  member.onStore = async (method, stage) => {
    if (isDone || method !== 'state' || stage !== 'after') return;
    isDone = true;
    await work();
  };
}

describe('a region that looks at itself while others of its instances are at work', () => {
  test('takes no commit between two looks for a loss', async () => {
    const { us } = await intact();
    afterFirstLook(us, () => us.cluster.write(route('meanwhile'), { port: 1 }));

    expect(await inspectSelf(us.replica)).toEqual({ kind: 'serving' });
  });

  test('takes no commit that the others know of by then for a loss', async () => {
    const { federation, us } = await intact();
    afterFirstLook(us, async () => { await us.cluster.write(route('meanwhile'), { port: 1 }); federation.ledgers.settle(); });

    expect(await inspectSelf(us.replica)).toEqual({ kind: 'serving' });
  });

  test('takes no first start of another for a loss', async () => {
    const federation = new Federation();
    const us = federation.member('us');
    afterFirstLook(us, async () => { await ensureServing(us.replica, never); federation.ledgers.settle(); });

    expect(await inspectSelf(us.replica)).toEqual({ kind: 'serving' });
  });

  test.each([['sync', ensureServing], ['an api', lookBeforeServing]] as const)('never takes back an incarnation that another instance has begun meanwhile (%s) [I1]', async (_who, look) => {
    const { us } = await restored();
    afterFirstLook(us, async () => {
      expect(await ensureServing(us.replica, never)).toBe('serving');
      expect(await us.cluster.write(route('afterwards'), { port: 5 })).toMatchObject({ outcome: 'committed' });
    });

    await look(us.replica, never);

    const { clock } = await us.store.state();
    expect(clock).toMatchObject({ state: 'serving', head: 1 });
    expect(await inspectSelf(us.replica)).toEqual({ kind: 'serving' });
  });
});

describe('members that lose state one after the other', () => {
  /** `kept` stood at the time of the backup of `eu`; then `us` deleted it, and both had seen and said so when `us` was backed up. */
  async function bothRestored(): Promise<Pick<Restored, 'federation' | 'us' | 'eu'>> {
    const federation = await Federation.start({ members: ['us', 'eu'], spec: { conflictResolution: { tombstoneTTL: '1h' } } });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(kept, { port: 1 });
    await federation.exchange();
    const before = eu.store.snapshot();
    await us.cluster.delete(kept);
    await federation.exchange();
    await federation.exchange();
    const after = us.store.snapshot();
    us.restoreTable(after, 'table-us-restored');
    expect(await lookBeforeServing(us.replica)).toBe('recovering');
    eu.restoreTable(before, 'table-eu-restored');
    return { federation, us, eu };
  }

  test('do not collect by what they had told each other before [I8]', async () => {
    const { federation, us, eu } = await bothRestored();
    expect(await ensureServing(eu.replica, never)).toBe('serving');
    expect(await ensureServing(us.replica, never)).toBe('serving');
    federation.nowMs += hours(2);

    expect((await collect(us.replica)).rows).toBe(0);
    await federation.exchange();
    await federation.exchange();
    federation.nowMs += hours(2);
    expect((await collect(us.replica)).rows).toBe(1);
  });

  test('wait for one another to hear of it', async () => {
    const { federation, us, eu } = await bothRestored();
    federation.cut('eu', 'us');

    expect(await ensureServing(eu.replica, never)).toBe('recovering');
    federation.heal();
    expect(await ensureServing(eu.replica, never)).toBe('serving');
    expect(await ensureServing(us.replica, never)).toBe('serving');
  });

  test('take no heartbeat from before the loss for a report of what is here now [I8]', async () => {
    const { federation, us, eu } = await restored();
    const late = await ownHeartbeat(us.replica);
    await ensureServing(us.replica, never);
    await federation.beats();
    const record = await peerRecord(eu.replica, us.name);

    await receiveHeartbeat(eu.replica, us.name, { ...late, clock: { ...late.clock, tableId: asTableId('table-us') } });

    expect(await peerRecord(eu.replica, us.name)).toEqual(record);
  });
});

describe('lost state is noticed', () => {
  test('by the table, which is another after a restore', async () => {
    const { us } = await restored();

    expect(await inspectSelf(us.replica)).toMatchObject({ kind: 'lost', reason: expect.stringContaining('restored from a backup') });
  });

  test('by the newest segment, which ends before the clock row\'s head', async () => {
    const { us } = await intact();
    const { clock } = await us.store.state();
    if (clock !== undefined) us.ledger.putClock({ ...clock, head: clock.head + 2 });

    expect(await inspectSelf(us.replica)).toMatchObject({ kind: 'lost', reason: expect.stringContaining('newest segment') });
  });

  test('by the others, who know the clock row of a file that is gone', async () => {
    const { federation, us } = await intact();
    federation.ledgers.settle();
    us.store.restore(new Federation().member('us').store.snapshot(), asTableId('new-file'));
    us.ledger.restore([]);

    expect(await inspectSelf(us.replica)).toMatchObject({ kind: 'lost', reason: expect.stringContaining('the other members know its clock row') });
  });

  test('by the others, who know a later head than a file that is old', async () => {
    const { federation, us } = await intact();
    const [backup, items] = [us.store.snapshot(), us.ledger.snapshot()];
    await us.cluster.write(route('later'), { port: 1 });
    federation.ledgers.settle();
    us.store.restore(backup, asTableId('table-us'));
    us.ledger.restore(items);

    expect(await inspectSelf(us.replica)).toMatchObject({ kind: 'lost', reason: expect.stringContaining('the other members know head') });
  });

  test('before the first commit, which is refused [I1]', async () => {
    const { us } = await restored();

    const result = await us.cluster.write(kept, { port: 9 });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'Recovering' });
  });

  test('before anything is answered: a restored table has seen nothing', async () => {
    const { us } = await restored();

    expect(await us.seen()).toEqual(new Map());
  });
});

describe('recovery', () => {
  test('goes on under a new incarnation, and closes the old one where anybody could know it [I1]', async () => {
    const { us } = await restored();
    const old = await us.incarnation();
    const head = await us.head();

    expect(await ensureServing(us.replica, never)).toBe('serving');

    const { clock } = await us.store.state();
    expect(clock?.incarnation).not.toBe(old);
    expect(clock).toMatchObject({ head: 0, state: 'serving', closed: new Map([[old, head]]) });
    expect((await us.seen()).get(old)).toBe(head);
  });

  test('finds what another one joined of a page that it did not take to its end (decision 0007) [I3]', async () => {
    const federation = await Federation.start({});
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    const backup = us.store.snapshot();
    await us.cluster.write(orphan, { port: 3 });
    await refreshIndex(eu.replica);
    eu.onStore = (method) => { if (method === 'advance') throw new Error('the process dies'); };
    await eu.pullFrom('us');
    eu.restart();
    us.restoreTable(backup, 'table-restored');

    await ensureServing(us.replica, never);
    await federation.exchange();

    expect([await us.versions(orphan), await eu.versions(orphan)]).toEqual([[{ port: 3 }], [{ port: 3 }]]);
  });

  test('from a backup whose items are of different moments does not take an entry of the index for its row [I2]', async () => {
    const { federation, us, eu } = await restored();
    await ensureServing(us.replica, never);
    await federation.exchange();
    const older = us.store.snapshot();
    await eu.cluster.write(orphan, { port: 5 });
    await us.pullFrom('eu');
    await refreshIndex(us.replica);
    us.restoreTable({ ...older, buckets: us.store.snapshot().buckets }, 'table-torn');

    await ensureServing(us.replica, never);

    expect(await us.versions(orphan)).toEqual([{ port: 5 }]);
  });

  test('brings back what the others have [I3]', async () => {
    const { us } = await restored();

    await ensureServing(us.replica, never);

    expect(await us.versions(kept)).toEqual([{ port: 1 }]);
    expect(await us.versions(passedOn)).toEqual([{ port: 2 }]);
    expect(await us.versions(theirs)).toEqual([{ port: 4 }]);
  });

  test('brings back deletes as well [I4]', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(kept, { port: 1 });
    await federation.exchange();
    const backup = us.store.snapshot();
    await us.cluster.delete(kept);
    await federation.exchange();
    us.restoreTable(backup, 'table-restored');

    await ensureServing(us.replica, never);
    await federation.exchange();

    expect(await us.versions(kept)).toEqual(['deleted']);
    expect(await eu.versions(kept)).toEqual(['deleted']);
  });

  test('sends others who are behind to compare, and they lose nothing', async () => {
    const { federation, us, eu } = await restored(['us', 'eu']);
    await ensureServing(us.replica, never);
    await us.cluster.write(route('new'), { port: 5 });
    federation.ledgers.settle();

    const outcome = await eu.pullFrom('us');

    expect(outcome.outcome).toBe('resynchronized');
    expect(await eu.versions(route('new'))).toEqual([{ port: 5 }]);
    expect(await eu.versions(passedOn)).toEqual([{ port: 2 }]);
  });

  test('waits for every member', async () => {
    const { federation, us } = await restored(['us', 'eu', 'ap']);
    federation.cut('us', 'ap');

    expect(await ensureServing(us.replica, never)).toBe('recovering');
    expect(await us.cluster.write(kept, { port: 9 })).toMatchObject({ outcome: 'refused', reason: 'Recovering' });

    federation.heal();
    expect(await ensureServing(us.replica, never)).toBe('serving');
  });

  test('ends where members were reached one after the other', async () => {
    const { federation, us } = await restored(['us', 'eu', 'ap']);
    federation.cut('us', 'ap');
    const first = await ensureServing(us.replica, never);
    federation.heal();
    federation.cut('us', 'eu');

    expect([first, await ensureServing(us.replica, never)]).toEqual(['recovering', 'serving']);
  });

  test('is begun once, and its loss told once', async () => {
    const { federation, us } = await restored(['us', 'eu', 'ap']);
    federation.cut('us', 'ap');

    await ensureServing(us.replica, never);
    await ensureServing(us.replica, never);

    expect(us.events.filter(({ kind }) => kind === 'StateLost')).toHaveLength(1);
  });

  test('of a lost file finds everything at the others [I3]', async () => {
    const { federation, us, eu } = await intact();
    await us.cluster.write(kept, { port: 1 });
    await federation.exchange();
    us.store.restore(new Federation().member('us').store.snapshot(), asTableId('new-file'));
    us.ledger.restore([]);
    us.restart();
    federation.ledgers.settle();

    expect(await ensureServing(us.replica, never)).toBe('serving');

    expect(await us.versions(kept)).toEqual([{ port: 1 }]);
    await federation.exchange();
    expect(await eu.versions(kept)).toEqual([{ port: 1 }]);
  });

  test('of a lost file waits until it is known who the others are [I2]', async () => {
    const { federation, us } = await intact();
    await us.cluster.write(kept, { port: 1 });
    await federation.exchange();
    us.store.restore(new Federation().member('us').store.snapshot(), asTableId('new-file'));
    us.ledger.restore([]);
    us.restart();

    const first = await ensureServing(us.replica, never);
    const seenThen = await us.seen();
    federation.ledgers.settle();
    const second = await ensureServing(us.replica, never);

    expect([first, second]).toEqual(['recovering', 'serving']);
    expect(seenThen).toEqual(new Map());
    expect(await us.versions(kept)).toEqual([{ port: 1 }]);
  });

  test('of a member without others ends by itself', async () => {
    const federation = await Federation.start({ members: ['us'] });
    const us = federation.member('us');
    await us.cluster.write(kept, { port: 1 });
    us.restoreTable(us.store.snapshot(), 'table-restored');

    expect(await ensureServing(us.replica, never)).toBe('serving');
    expect(await us.versions(kept)).toEqual([{ port: 1 }]);
  });

  test('of a region that had written nothing leaves no zero in a vector, and its tokens can be read [I6]', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    us.restoreTable(us.store.snapshot(), 'table-restored');
    await ensureServing(us.replica, never);
    await us.cluster.follow();
    await us.cluster.write(passedOn, { port: 1 });
    await us.cluster.write(kept, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    await eu.cluster.write(kept, { port: 2 });
    await us.pullFrom('eu');
    const { targets: [target] } = await us.cluster.pull();

    await us.cluster.write(kept, { port: 3 }, target?.show.kind === 'live' ? target.show.token : undefined);

    expect([...(await us.seen()).values()].every((counter) => counter > 0)).toBe(true);
    expect(await us.versions(kept)).toEqual([{ port: 3 }]);
  });

  test('a second time, in the midst of the first, begins anew', async () => {
    const { federation, us } = await restored(['us', 'eu', 'ap']);
    const backup = us.store.snapshot();
    federation.cut('us', 'ap');
    await ensureServing(us.replica, never);
    us.restoreTable(backup, 'table-restored-again');
    federation.heal();

    expect(await ensureServing(us.replica, never)).toBe('serving');
    expect(await us.versions(passedOn)).toEqual([{ port: 2 }]);
  });

  test('tells the bridge to compare everything', async () => {
    const { us } = await restored();
    await ensureServing(us.replica, never);

    expect((await us.cluster.pull()).kind).toBe('compacted');
  });

  test.each(['before', 'after'] as const)('that dies %s any of its writes still ends serving, with nothing lost and no dot twice [I1] [I3]', async (at) => {
    let crashes = 0;
    for (let k = 1; ; k += 1) {
      const { federation, us, eu } = await restored();
      const issued = new Set([...(await dotsAt(us)), ...(await dotsAt(eu))]);
      const crash = crashAtWrite(us, k, at);
      await ensureServing(us.replica, never).catch(() => undefined);
      us.restart();
      let state = await ensureServing(us.replica, never);
      for (let attempt = 0; state !== 'serving' && attempt < 3; attempt += 1) state = await ensureServing(us.replica, never);
      await us.cluster.follow();
      await us.cluster.write(route('after'), { port: 9 });
      await federation.exchange();

      const found = { k, state, specs: await Promise.all([kept, passedOn, theirs, orphan, route('after')].map((key) => eu.versions(key))), same: await us.versions(theirs) };
      expect(found).toEqual({ k, state: 'serving', specs: [[{ port: 1 }], [{ port: 2 }], [{ port: 4 }], [{ port: 3 }], [{ port: 9 }]], same: [{ port: 4 }] });
      expect(issued.has((await us.row(route('after')))?.siblings.map(({ dot }) => dotKey(dot)).join() ?? '')).toBe(false);
      if (!crash.happened()) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(8);
  });
});

describe('an object that outlives its region (decision 0005)', () => {
  test('is written anew: it is the only copy of what was lost [I3]', async () => {
    const { us, eu, federation } = await restored();
    await ensureServing(us.replica, never);

    await us.cluster.follow();
    await federation.exchange();

    expect(us.cluster.specOf(orphan)).toEqual({ port: 3 });
    expect(await us.versions(orphan)).toEqual([{ port: 3 }]);
    expect(await eu.versions(orphan)).toEqual([{ port: 3 }]);
  });

  test('is written anew also where a later write of its region is known, by its row alone [I3]', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    const backup = us.store.snapshot();
    await us.cluster.write(orphan, { port: 3 });
    await us.cluster.write(passedOn, { port: 2 });
    const row = await us.row(passedOn);
    if (row === undefined) throw new Error('nothing was written');
    await eu.handlers.push(us.name, { kind: 'repair', from: us.name, answers: [{ key: passedOn, answer: { kind: 'row', row: travellingPart(row) } }] }, never);
    us.restoreTable(backup, 'table-restored');
    await ensureServing(us.replica, never);

    await us.cluster.follow();
    await federation.exchange();

    expect(us.cluster.specOf(orphan)).toEqual({ port: 3 });
    expect(await eu.versions(orphan)).toEqual([{ port: 3 }]);
  });

  test('is the newer version, where its row has lost a change [I3]', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(kept, { port: 1 });
    await us.cluster.follow();
    await federation.exchange();
    const backup = us.store.snapshot();
    await us.cluster.write(kept, { port: 2 });
    us.restoreTable(backup, 'table-restored');
    await ensureServing(us.replica, never);

    await us.cluster.follow();
    await federation.exchange();

    expect(await us.versions(kept)).toEqual([{ port: 2 }]);
    expect(await eu.versions(kept)).toEqual([{ port: 2 }]);
  });

  test('is not mistaken for one whose row was deleted and collected [I4]', async () => {
    const { us, federation } = await restored();
    await us.cluster.delete(orphan);
    await ensureServing(us.replica, never);
    await us.cluster.follow();
    federation.nowMs += hours(1);

    expect(await us.versions(orphan)).toEqual([]);
    expect(us.cluster.specOf(orphan)).toBeUndefined();
  });
});

async function intact(): Promise<{ federation: Federation; us: TestMember; eu: TestMember }> {
  const federation = await Federation.start();
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  await us.cluster.write(route('first'), { port: 1 });
  await federation.exchange();
  return { federation, us, eu };
}

async function dotsAt(member: TestMember): Promise<readonly string[]> {
  return [...(await member.store.list(undefined, 100)).rows.values()].flatMap(({ siblings }) => siblings.map(({ dot }) => dotKey(dot)));
}

describe('a commit under way when state is lost', () => {
  test('does not go through [I1]', async () => {
    const { us } = await intact();
    const backup = us.store.snapshot();
    let isFirst = true;
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      us.restoreTable(backup, 'table-restored');
      await ensureServing(us.replica, never);
    };
    const old = await us.incarnation();

    await commit(us.replica, [route('late')], { requestId: '1' }, async () => ({
      write: { context: new Map(), origin: 'operator', firstContact: false, observed: undefined, shown: () => undefined, body: () => ({ kind: 'deleted' }) },
      answer: () => 'written',
    }));

    expect((await us.row(route('late')))?.siblings[0]?.dot.incarnation).not.toBe(old);
  });
});
