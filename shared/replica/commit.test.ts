import { describe, expect, test } from 'vitest';
import { compareStamps } from '../model/stamp.ts';
import { ReplicaError } from '../ports/errors.ts';
import { LowerEpochError, commit } from './commit.ts';
import type { CommitOptions, Decision } from './commit.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { HeldRow, Sibling } from '../model/row.ts';
import { emptyVector } from '../model/version-vector.ts';
import { Federation, contentWith, minutes, never, noise, route } from './testing.ts';
import type { TestMember } from './testing.ts';
import { beat } from './heartbeat.ts';
import { hashText } from '../model/content.ts';
import { asTableId } from '../model/ids.ts';
import { ensureServing } from './recover.ts';

const a = route('a');
const b = route('b');
const c = route('c');

/** Writes a small version of each resource, as somebody who had seen all that stands there. */
const writeAll = (member: TestMember, keys: readonly ResourceKey[], options: CommitOptions, body = 'x'): Promise<ReadonlyMap<ResourceKey, Sibling>> =>
  commit<Sibling>(member.replica, keys, options, async (key, row): Promise<Decision<Sibling>> => {
    const text = contentWith(key, { body });
    return {
      write: {
        context: row?.context ?? emptyVector, origin: 'operator', firstContact: false, observed: undefined, shown: () => undefined,
        body: (write) => ({ kind: 'live', hash: hashText(text), content: text, bytes: text.length, fields: { base: write, set: new Map(), removed: new Map() } }),
      },
      answer: (_row: HeldRow, sibling) => sibling,
    };
  });

const counters = (written: ReadonlyMap<ResourceKey, Sibling>): readonly number[] => [...written.values()].map(({ dot }) => dot.counter);

describe('a commit', () => {
  test('gives dense dots over batches [I1]', async () => {
    const { us } = await alone();

    const first = await writeAll(us, [a, b], { requestId: '1' });
    const second = await writeAll(us, [c, a], { requestId: '2' });

    expect([...counters(first), ...counters(second)]).toEqual([1, 2, 3, 4]);
  });

  test('writes many resources in one transaction', async () => {
    const { us } = await alone();
    let commits = 0;
    us.onStore = (method, stage) => { if (method === 'commit' && stage === 'after') commits += 1; };

    await writeAll(us, [a, b, c], { requestId: '1' });

    const segments = await us.store.segments(await us.incarnation(), 0, 10);
    expect(commits).toBe(1);
    expect(segments).toMatchObject([{ first: 1, last: 3, requestId: '1', entries: [{ counter: 1, key: a }, { counter: 2, key: b }, { counter: 3, key: c }] }]);
  });

  test('says what it wrote before it answers', async () => {
    const { us } = await alone();

    await writeAll(us, [a, b], { requestId: '1' });

    expect(us.events.filter(({ kind }) => kind === 'Committed')).toEqual([{ kind: 'Committed', head: 2, changes: 2 }]);
  });

  test('that has nothing to write leaves no trace', async () => {
    const { us } = await alone();

    await commit<string>(us.replica, [a], { requestId: '1' }, async () => ({ answer: 'nothing' }));

    expect(await us.head()).toBe(0);
  });

  test('remembers the highest lease epoch of a bridge, and takes none below', async () => {
    const { us } = await alone();

    await writeAll(us, [a], { requestId: '1', leaseEpoch: 7 });
    await expect(writeAll(us, [a], { requestId: '2', leaseEpoch: 3 })).rejects.toThrow(LowerEpochError);
    await writeAll(us, [a], { requestId: '3' });

    expect((await us.store.state()).clock?.bridgeEpoch).toBe(7);
  });
});

describe('a stamp', () => {
  test('is above the last one even where the clock went back', async () => {
    const { federation, us } = await alone();
    const first = (await writeAll(us, [a], { requestId: '1' })).get(a);
    federation.nowMs -= minutes(1);

    const second = (await writeAll(us, [b], { requestId: '2' })).get(b);

    expect(isAbove(second, first)).toBe(true);
  });

  test('is above what was seen from others', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    eu.skewMs = minutes(4);
    const theirs = (await writeAll(eu, [a], { requestId: '1' })).get(a);
    await us.pullFrom('eu');

    const mine = (await writeAll(us, [b], { requestId: '2' })).get(b);

    expect(isAbove(mine, theirs)).toBe(true);
  });

  test('from more than five minutes ahead moves no clock', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    eu.skewMs = minutes(6);
    await writeAll(eu, [a], { requestId: '1' });
    await us.pullFrom('eu');

    const mine = (await writeAll(us, [b], { requestId: '2' })).get(b);

    expect(mine?.stamp.ms).toBe(federation.nowMs);
  });

  test('from a far future is topped in its own row, and only there', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    eu.skewMs = minutes(60 * 24 * 30);
    const theirs = (await writeAll(eu, [a], { requestId: '1' })).get(a);
    await us.pullFrom('eu');

    const written = await writeAll(us, [a, b], { requestId: '2' });

    expect(isAbove(written.get(a), theirs)).toBe(true);
    expect(written.get(b)?.stamp.ms).toBe(federation.nowMs);
    expect((await us.store.state()).clock?.hlc.ms).toBe(federation.nowMs);
  });
});

describe('an ambiguous commit', () => {
  test('whose answer was lost is known by its request id, and not made twice [I1]', async () => {
    const { us } = await alone();
    us.onStore = failOnce('commit', 'after');

    const written = await writeAll(us, [a], { requestId: '1' });

    expect(counters(written)).toEqual([1]);
    expect(await us.head()).toBe(1);
  });

  test('that was never made is reported as failed', async () => {
    const { us } = await alone();
    us.onStore = failOnce('commit', 'before');

    await expect(writeAll(us, [a], { requestId: '1' })).rejects.toThrow('before commit');
    expect(await us.head()).toBe(0);
  });

  test('is not taken for that of another request at the same place', async () => {
    const { us } = await alone();
    let isFirst = true;
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      await writeAll(us, [b], { requestId: 'other' });
    };

    const written = await writeAll(us, [a], { requestId: 'mine' });

    expect(counters(written)).toEqual([2]);
    expect(await us.row(a)).toBeDefined();
    expect(await us.row(b)).toBeDefined();
  });
});

describe('a commit beside others', () => {
  test('is decided anew on what the other has written', async () => {
    const { us } = await alone();
    let isFirst = true;
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      await writeAll(us, [a], { requestId: 'other' }, 'other');
    };

    await writeAll(us, [a], { requestId: 'mine' }, 'mine');

    expect(await us.versions(a)).toEqual([{ body: 'mine' }]);
  });

  test('is decided anew when a page changed the row meanwhile', async () => {
    const federation = await Federation.start();
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await writeAll(eu, [a], { requestId: '1' }, 'theirs');
    let isFirst = true;
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      await us.pullFrom('eu');
    };

    await writeAll(us, [a], { requestId: '2' }, 'mine');

    expect(await us.versions(a)).toEqual([{ body: 'mine' }]);
  });

  test('gives up as busy after its attempts', async () => {
    const { us } = await alone();
    let others = 0;
    us.onStore = async (method, stage, argument) => {
      const isMine = (argument as { segment?: { requestId?: string } } | undefined)?.segment?.requestId === 'mine';
      if (method === 'commit' && stage === 'before' && isMine) await writeAll(us, [b], { requestId: `other-${(others += 1).toString()}` });
    };

    await expect(writeAll(us, [a], { requestId: 'mine' })).rejects.toMatchObject({ code: 'busy' });
    expect(others).toBe(us.replica.limits.writeAttempts);
  });
});

describe('the fence [I9]', () => {
  const fencing = { splitBrain: { fencingEnabled: true } };

  test('refuses a commit whose lease has run out', async () => {
    const { federation, us } = await alone(fencing);
    await us.store.putWritableUntil(federation.nowMs - 1);

    await expect(writeAll(us, [a], { requestId: '1' })).rejects.toMatchObject({ code: 'fenced' });
    expect(await us.head()).toBe(0);
  });

  test('refuses a commit whose lease does not outlast the handler', async () => {
    const { federation, us } = await alone(fencing);
    await us.store.putWritableUntil(federation.nowMs + 5000);

    await expect(writeAll(us, [a], { requestId: '1', remainingMs: 6000 })).rejects.toMatchObject({ code: 'fenced' });
    expect(counters(await writeAll(us, [a], { requestId: '1', remainingMs: 4000 }))).toEqual([1]);
  });

  test('is not asked where the spec asks for no fencing', async () => {
    const { federation, us } = await alone();
    await us.store.putWritableUntil(federation.nowMs - 1);

    expect(counters(await writeAll(us, [a], { requestId: '1' }))).toEqual([1]);
  });

  test('that nothing has set fences nobody', async () => {
    const { us } = await alone(fencing);

    expect(counters(await writeAll(us, [a], { requestId: '1' }))).toEqual([1]);
  });

  test('is told to a bridge for each object', async () => {
    const { federation, us } = await alone({ splitBrain: { quorumRequired: true } });
    await us.store.putWritableUntil(federation.nowMs - 1);

    const result = await us.cluster.write(a, { port: 1 });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'Fenced' });
  });
});

describe('a commit is refused', () => {
  test('before the first incarnation', async () => {
    const us = new Federation({ members: ['us'] }).member('us');

    await expect(writeAll(us, [a], { requestId: '1' })).rejects.toMatchObject({ code: 'initializing' });
  });

  test('while the region recovers [I1]', async () => {
    const { us } = await alone();
    us.restoreTable(us.store.snapshot(), 'table-restored');

    await expect(writeAll(us, [a], { requestId: '1' })).rejects.toMatchObject({ code: 'recovering' });
  });

  test('with a restored table that nobody has looked at yet, whatever its clock row says [I1]', async () => {
    const { us } = await alone();
    await writeAll(us, [a], { requestId: '1' });
    us.store.restore(us.store.snapshot(), asTableId('table-restored'));

    await expect(writeAll(us, [a], { requestId: '2' })).rejects.toThrow('lost state');

    expect(await ensureServing(us.replica, never)).toBe('serving');
    expect((await writeAll(us, [a], { requestId: '2' })).get(a)?.dot).toMatchObject({ counter: 1 });
  });
});

describe('a batch of a bridge', () => {
  test('leaves out an object that is too large, by its name', async () => {
    const { us } = await alone();
    us.cluster.put(a, { port: 1 });
    us.cluster.put(b, { blob: noise(600_000) });
    us.cluster.put(c, { port: 3 });

    const results = await us.cluster.send([a, b, c]);

    expect(results).toMatchObject([{ key: a, outcome: 'committed' }, { key: b, outcome: 'refused', reason: 'TooLarge' }, { key: c, outcome: 'committed' }]);
    expect(results[1]).toHaveProperty('message', expect.stringContaining(b));
    expect(await us.head()).toBe(2);
  });

  test('whose objects only together are too large goes through', async () => {
    const { us } = await alone();
    const keys = Array.from({ length: 82 }, (_, at) => route(`r${at.toString().padStart(2, '0')}`));
    const blob = noise(60_000);
    for (const [at, key] of keys.entries()) us.cluster.put(key, { blob: `${at.toString()} ${blob.slice(at * 97)}${blob.slice(0, at * 97)}` });

    const results = await us.cluster.send(keys);

    expect(results.filter(({ outcome }) => outcome !== 'committed')).toEqual([]);
  });
});

const isAbove = (later: Sibling | undefined, earlier: Sibling | undefined): boolean =>
  later !== undefined && earlier !== undefined && compareStamps(later.stamp, earlier.stamp) > 0;

/** A member on its own. */
async function alone(spec = {}): Promise<{ federation: Federation; us: TestMember }> {
  const federation = await Federation.start({ members: ['us'], spec });
  return { federation, us: federation.member('us') };
}

/** The next call of a method fails, once. */
function failOnce(failing: string, at: 'before' | 'after'): TestMember['onStore'] {
  let isDone = false;
  return (method, stage) => {
    if (isDone || method !== failing || stage !== at) return;
    isDone = true;
    throw new Error(`${stage} ${method}`);
  };
}

describe('an error of a commit', () => {
  test('says what to do', async () => {
    const us = new Federation({ members: ['us'] }).member('us');

    const error: unknown = await writeAll(us, [a], { requestId: '1' }).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ReplicaError);
    expect(String(error)).toContain('within seconds');
  });

  test('of a heartbeat before the first incarnation says the same', async () => {
    const federation = new Federation();
    const us = federation.member('us');

    expect(await beat(us.replica, federation.peer(us.name, federation.member('eu').name), never)).toBe('failed');
  });
});
