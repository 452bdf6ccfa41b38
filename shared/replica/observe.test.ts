import { describe, expect, test } from 'vitest';
import { Federation, minutes, route } from './testing.ts';
import { a, manifestOf, newerInRegion, only, shared, sorted, tokenOf, touched } from './testing-observations.ts';

const b = route('b');

describe('an edit back to what was shown before', () => {
  test('is one, though nobody has reported yet what was shown since [I3]', async () => {
    const { us, target } = await newerInRegion();
    us.cluster.put(a, { port: 2 }, target.token);
    us.cluster.put(a, { port: 1 });

    expect(only(await us.cluster.send([a]))?.outcome).toBe('committed');
    expect((await us.operator.get(a))?.manifest).toContain('"port":1');
  });
});

describe('an echo', () => {
  test('of the version that won over a newcomer is one also where that was written over before it was reported [I6]', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'] });
    const [us, eu, ap] = [federation.member('us'), federation.member('eu'), federation.member('ap')];
    await ap.cluster.write(a, { by: 'ap' });
    await us.pullFrom('ap');
    await us.cluster.follow();
    await eu.pullFrom('ap');
    federation.nowMs += 1000;
    await us.cluster.write(a, { by: 'us' });

    const { target } = await eu.cluster.write(a, { by: 'eu' });
    if (target !== undefined) eu.cluster.show(target);
    const won = eu.cluster.specOf(a);
    await eu.pullFrom('us');
    const [answer] = await eu.cluster.send([a]);

    expect(won).toEqual({ by: 'ap' });
    expect(answer?.outcome).toBe('unchanged');
  });

  test('of a merged view is one also where the row changed again before that view was reported [I6]', async () => {
    const federation = await Federation.start({ members: ['us', 'eu', 'ap'], spec: { conflictResolution: { strategy: 'Merge' } } });
    const [us, eu, ap] = [federation.member('us'), federation.member('eu'), federation.member('ap')];
    await us.cluster.write(a, { left: 1, right: 1, middle: 1 });
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();
    await eu.cluster.write(a, { left: 1, right: 2, middle: 1 });
    await ap.cluster.write(a, { left: 1, right: 1, middle: 2 });
    await us.pullFrom('eu');

    const { target } = await us.cluster.write(a, { left: 2, right: 1, middle: 1 });
    if (target !== undefined) us.cluster.show(target);
    const merged = us.cluster.specOf(a);
    await us.pullFrom('ap');

    expect(merged).toEqual({ left: 2, right: 2, middle: 1 });
    expect(only(await us.cluster.send([a]))?.outcome).toBe('unchanged');
  });

  test('of a commit changes nothing', async () => {
    const { us } = await shared();
    const head = await us.head();

    const results = await us.cluster.send([a], [touched(us)]);

    expect(results).toMatchObject([{ outcome: 'unchanged' }]);
    expect(await us.head()).toBe(head);
  });

  test('of a remote change that was shown changes nothing', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    await us.cluster.follow();

    expect(await us.cluster.send([a], [touched(us)])).toMatchObject([{ outcome: 'unchanged' }]);
    expect(await us.head()).toBe(1);
  });

  test('of what was shown, but not reported yet, changes nothing', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    for (const target of (await us.cluster.pull()).targets) us.cluster.show(target);

    expect(await us.cluster.send([a], [touched(us)])).toMatchObject([{ outcome: 'unchanged' }]);
    expect(await us.head()).toBe(1);
  });

  test('gets the newest token', async () => {
    const { us, eu } = await shared();
    const before = tokenOf(us);
    await eu.cluster.write(a, { port: 2 });
    await eu.cluster.write(a, { port: 1 });
    await us.pullFrom('eu');

    await us.cluster.send([a], [touched(us)]);
    await us.cluster.follow();

    expect(us.cluster.specOf(a)).toEqual({ port: 1 });
    expect(tokenOf(us)).not.toBe(before);
  });
});

describe('an edit [I6]', () => {
  test('under the token of what is shown covers it', async () => {
    const { us } = await shared();

    const result = await us.cluster.write(a, { port: 3 });

    expect(result.outcome).toBe('committed');
    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('beside a remote change that was not shown here is concurrent with it', async () => {
    const { us } = await newerInRegion();

    await us.cluster.write(a, { port: 3 });

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('onto a remote change covers it, reported or not', async () => {
    const { us, target } = await newerInRegion();

    await us.cluster.write(a, { port: 3 }, target.token);

    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('that is quick, under the token from before the first one, is no conflict with it', async () => {
    const { us } = await shared();
    const old = tokenOf(us);
    await us.cluster.write(a, { port: 3 });

    await us.cluster.write(a, { port: 4 }, old);

    expect(await us.versions(a)).toEqual([{ port: 4 }]);
  });

  test('that is quick is a conflict with what an operator wrote in between', async () => {
    const { us } = await shared();
    const old = tokenOf(us);
    await us.operator.apply(manifestOf({ port: 3 }), 'r1');

    await us.cluster.write(a, { port: 4 }, old);

    expect(sorted(await us.versions(a))).toEqual(['{"port":3}', '{"port":4}']);
  });

  test('without a token has the context of what was last shown', async () => {
    const { us } = await shared();

    await us.cluster.write(a, { port: 3 }, 'none');

    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('without a token is concurrent with what was not shown yet', async () => {
    const { us } = await newerInRegion();

    await us.cluster.write(a, { port: 3 }, 'none');

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('with a token that was tampered with counts as one without', async () => {
    const { us, target } = await newerInRegion();
    const forged = `${target.token.slice(0, -1)}${target.token.endsWith('A') ? 'B' : 'A'}`;

    await us.cluster.write(a, { port: 3 }, forged);

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('with another resource\'s token counts as one without', async () => {
    const { us } = await newerInRegion();
    await us.cluster.write(b, { port: 9 });

    await us.cluster.write(a, { port: 3 }, tokenOf(us, b));

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('with another cluster\'s token counts as one without', async () => {
    const { us, eu } = await newerInRegion();

    await us.cluster.write(a, { port: 3 }, tokenOf(eu));

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('changes its own fields only, also where the version it started from is gone and was never reported as shown [I7]', async () => {
    const { us, eu } = await shared({ conflictResolution: { strategy: 'Merge' } });
    await us.cluster.write(a, { port: 1, timeout: 1 });
    await eu.pullFrom('us');
    await eu.cluster.follow();
    await eu.cluster.write(a, { timeout: 2 });
    await us.pullFrom('eu');

    await us.cluster.write(a, { port: 1, timeout: 1, retries: 3 });
    await us.cluster.follow();

    expect(us.cluster.specOf(a)).toEqual({ timeout: 2, retries: 3 });
  });

  test('keeps apart who wrote which field of a version that is gone [I7]', async () => {
    const { us, eu } = await shared({ conflictResolution: { strategy: 'Merge' } });
    await eu.cluster.write(a, { port: 1, timeout: 2 });
    await eu.operator.delete(a, 'delete-1');
    await eu.cluster.write(a, { port: 1, timeout: 2, retries: 3 });
    await us.cluster.write(a, { port: 9 });

    await us.pullFrom('eu');
    await us.cluster.follow();

    expect(us.cluster.specOf(a)).toEqual({ port: 9, timeout: 2, retries: 3 });
  });

  test('that puts back an old copy, token and all, is a write with that old context', async () => {
    const { us, target } = await newerInRegion();
    const old = tokenOf(us);
    await us.cluster.follow();

    const result = await us.cluster.write(a, { port: 1 }, old);

    expect(target.content).toContain('2');
    expect(result.outcome).toBe('committed');
    expect(sorted(await us.versions(a))).toEqual(['{"port":1}', '{"port":2}']);
  });

  test('that puts back an old copy is one also where its last editor had seen less than the copy shows', async () => {
    const { us, eu } = await shared();
    const first = tokenOf(us);
    await us.cluster.write(a, { port: 2 });
    const second = tokenOf(us);
    await eu.cluster.write(a, { port: 3 });
    await us.pullFrom('eu');
    await us.cluster.write(a, { port: 4 }, first);

    const result = await us.cluster.write(a, { port: 2 }, second);

    expect(result.outcome).toBe('committed');
    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('to what stands here anyway is none', async () => {
    const { us, target } = await newerInRegion();
    await us.cluster.follow();

    await us.cluster.write(a, { port: 2 }, target.token);

    expect(await us.head()).toBe(1);
  });
});

describe('time', () => {
  test('between an edit and its commit does not matter to whom it covers', async () => {
    const { federation, us } = await newerInRegion();
    us.cluster.put(a, { port: 3 });
    federation.nowMs += minutes(60);

    await us.cluster.send([a]);

    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });
});
