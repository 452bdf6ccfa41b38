import { describe, expect, test } from 'vitest';
import { SESSION_LIFE_MS } from '../model/token.ts';
import type { Observation, ObservationResult, Target } from '../ports/region.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { collect } from './collect.ts';
import { Federation, contentWith, hours, minutes, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const [a, b] = [route('a'), route('b')];

interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember }
async function pair(spec = {}): Promise<Pair> {
  const federation = await Federation.start({ spec });
  return { federation, us: federation.member('us'), eu: federation.member('eu') };
}

/** `a` is shown in both clusters. */
async function shared(spec = {}): Promise<Pair> {
  const setting = await pair(spec);
  await setting.us.cluster.write(a, { port: 1 });
  await setting.federation.exchange();
  for (const member of setting.federation.all) await member.cluster.follow();
  return setting;
}

/** As `shared`; `eu` then wrote port 2, which has come to the region of `us`, but not to its cluster. Returns the target for it. */
async function newerInRegion(): Promise<Pair & { readonly target: Extract<Target['show'], { kind: 'live' }> }> {
  const setting = await shared();
  setting.federation.nowMs += 1000;
  await setting.eu.cluster.write(a, { port: 2 });
  await setting.us.pullFrom('eu');
  const { targets: [target] } = await setting.us.cluster.pull();
  if (target?.show.kind !== 'live') throw new Error('no target');
  return { ...setting, target: target.show };
}

const tokenOf = (member: TestMember, key = a): string => member.cluster.objects.get(key)?.token ?? '';
const touched = (member: TestMember, key = a): Observation => member.cluster.observe(key, { resourceVersion: (Number(member.cluster.resourceVersion) + 50).toString() });
const only = (results: readonly ObservationResult[]): ObservationResult | undefined => results[0];
const sorted = (versions: readonly unknown[]): readonly string[] => versions.map((version) => JSON.stringify(version)).sort();

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

const manifestOf = (spec: object): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'a', namespace: 'default' }, spec });

describe('a commit that comes again', () => {
  test('is answered as done already [I1]', async () => {
    const { us } = await shared();
    us.cluster.put(a, { port: 3 });
    const observation = us.cluster.observe(a);
    await us.cluster.commit([observation]);
    const head = await us.head();

    const answer = await us.cluster.commit([observation]);

    expect(answer).toMatchObject({ kind: 'done', results: [{ outcome: 'unchanged' }] });
    expect(await us.head()).toBe(head);
  });

  test('late, after a newer one, is answered as done already [I1]', async () => {
    const { us } = await shared();
    us.cluster.put(a, { port: 3 });
    const late = us.cluster.observe(a);
    await us.cluster.write(a, { port: 4 });

    await us.cluster.commit([late]);

    expect(await us.versions(a)).toEqual([{ port: 4 }]);
  });

  test('from a bridge that lost the lease is refused', async () => {
    const { us } = await shared();
    us.cluster.leaseEpoch = 2;
    await us.cluster.pull();
    await us.cluster.write(a, { port: 3 });
    us.cluster.leaseEpoch = 1;
    us.cluster.put(a, { port: 4 });

    expect(await us.cluster.commit([us.cluster.observe(a)])).toEqual({ kind: 'lower-epoch' });
    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('from a bridge that lost the lease just now is refused', async () => {
    const { us } = await shared();
    const late = { ...us.cluster.identity, session: us.cluster.session, requestId: 'late', observations: [{ ...us.cluster.observe(a), resourceVersion: '999999', state: { kind: 'live', content: contentWith(a, { port: 4 }) } as const }] };
    us.cluster.leaseEpoch = 2;
    await us.cluster.pull();
    let isFirst = true;
    us.onStore = async (method, stage) => {
      if (method !== 'commit' || stage !== 'before' || !isFirst) return;
      isFirst = false;
      await us.cluster.write(a, { port: 3 });
    };

    expect(await us.region.commit(late, new AbortController().signal)).toEqual({ kind: 'lower-epoch' });
    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('from a cluster that was built anew, whose lease counts from one again, is taken', async () => {
    const { us } = await shared();
    us.cluster.leaseEpoch = 7;
    await us.cluster.pull();
    await us.cluster.write(a, { port: 3 });
    us.cluster.id = 'cluster-new' as typeof us.cluster.id;
    us.cluster.leaseEpoch = 1;
    await us.cluster.follow();

    expect(await us.cluster.write(a, { port: 4 })).toMatchObject({ outcome: 'committed' });
    us.cluster.leaseEpoch = 2;
    await us.cluster.pull();
    await us.cluster.write(a, { port: 5 });
    us.cluster.leaseEpoch = 1;
    us.cluster.put(a, { port: 6 });

    expect(await us.cluster.commit([us.cluster.observe(a)])).toEqual({ kind: 'lower-epoch' });
    expect(await us.versions(a)).toEqual([{ port: 5 }]);
  });
});

describe('a write session', () => {
  test.each([[SESSION_LIFE_MS, 'done'], [SESSION_LIFE_MS + 1, 'session-expired']])('of age %i ms is answered %s', async (ageMs, kind) => {
    const { federation, us } = await shared();
    await us.cluster.pull();
    us.cluster.put(a, { port: 3 });
    federation.nowMs += ageMs;

    expect((await us.cluster.commit([us.cluster.observe(a)])).kind).toBe(kind);
  });

  test('from before the record changed is refused for an edit without a token (decision 0003)', async () => {
    const { us } = await newerInRegion();
    const { session, upTo } = await us.cluster.pull();
    us.cluster.put(a, { port: 3 }, 'none');
    await us.cluster.report({ applied: upTo });

    expect(await us.cluster.commit([us.cluster.observe(a)], session)).toEqual({ kind: 'session-expired' });
    expect(await us.versions(a)).toEqual([{ port: 2 }]);
  });

  test('from before the record changed will do for an edit with its token', async () => {
    const { us } = await newerInRegion();
    const { session, upTo } = await us.cluster.pull();
    us.cluster.put(a, { port: 3 });
    await us.cluster.report({ applied: upTo });

    expect((await us.cluster.commit([us.cluster.observe(a)], session)).kind).toBe('done');
    expect(sorted(await us.versions(a))).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('outlives a report of nothing new', async () => {
    const { us } = await shared();
    const { session, upTo } = await us.cluster.pull();
    us.cluster.put(a, { port: 3 }, 'none');
    await us.cluster.report({ applied: upTo });

    expect((await us.cluster.commit([us.cluster.observe(a)], session)).kind).toBe('done');
  });

  test('of another cluster, or of nobody, is refused', async () => {
    const { us, eu } = await shared();
    const { session } = await eu.cluster.pull();
    us.cluster.put(a, { port: 3 });

    expect(await us.cluster.commit([us.cluster.observe(a)], session)).toEqual({ kind: 'session-expired' });
    expect(await us.cluster.commit([us.cluster.observe(a)], 'invented')).toEqual({ kind: 'session-expired' });
  });

  test('of a cluster that was replaced does not bring it back', async () => {
    const { us } = await shared();
    const old = { ...us.cluster.identity };
    const { session } = await us.cluster.pull();
    us.cluster.id = 'cluster-new' as typeof us.cluster.id;
    await us.cluster.follow();

    const late = await us.region.commit({ ...old, session, requestId: 'late', observations: [us.cluster.observe(a)] }, new AbortController().signal);

    expect(late).toEqual({ kind: 'session-expired' });
    expect((await us.store.document('bridge'))?.value).toMatchObject({ clusterId: 'cluster-new' });
  });
});

describe('a missing object', () => {
  test('that was shown is a delete', async () => {
    const { us } = await shared();

    expect((await us.cluster.delete(a)).outcome).toBe('committed');
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('that was shown is a delete also without its last token', async () => {
    const { us } = await shared();

    expect((await us.cluster.delete(a, { token: undefined })).outcome).toBe('committed');
  });

  test('that is not applied yet is to be applied', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(b, { port: 1 });
    await us.pullFrom('eu');
    await us.cluster.pull();

    const result = only(await us.cluster.send([b]));

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'live' } } });
    expect(us.cluster.specOf(b)).toEqual({ port: 1 });
    expect(await us.versions(b)).toEqual([{ port: 1 }]);
  });

  test('whose newer version is not applied yet is to be applied, whoever deleted the older', async () => {
    const { us } = await newerInRegion();

    const result = await us.cluster.delete(a);

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(us.cluster.specOf(a)).toEqual({ port: 2 });
  });

  test('that could not be shown is no delete', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(b, { port: 1 });
    await us.pullFrom('eu');
    const { upTo } = await us.cluster.pull();
    await us.cluster.report({ applied: upTo, exceptions: [{ key: b, kind: 'not-shown', reason: 'NamespaceMissing', message: 'no such namespace' }] });

    expect(only(await us.cluster.send([b]))).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(await us.versions(b)).toEqual([{ port: 1 }]);
  });

  test('that nobody vouches for is none: its kind or namespace was deleted and made again, and takes it back', async () => {
    const { us } = await shared();

    const result = await us.cluster.delete(a, { state: { kind: 'gone', confirmed: false } });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'live' } } });
    expect(await us.versions(a)).toEqual([{ port: 1 }]);
  });

  test('whose last token covers what a commit just showed is a delete, though not reported (decision 0004)', async () => {
    const { us } = await newerInRegion();
    await us.cluster.write(a, { port: 3 });

    const result = await us.cluster.delete(a);

    expect(result.outcome).toBe('committed');
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('without that token is not applied yet (decision 0004)', async () => {
    const { us } = await newerInRegion();
    await us.cluster.write(a, { port: 3 });

    const result = await us.cluster.delete(a, { token: undefined });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied' });
    expect(await us.versions(a)).toHaveLength(2);
  });

  test('that is deleted everywhere anyway is nothing new', async () => {
    const { us, eu } = await shared();
    await eu.cluster.delete(a);
    await us.pullFrom('eu');
    const head = await us.head();

    await us.cluster.delete(a);

    expect(await us.head()).toBe(head);
  });

  test('that nobody knows is nothing', async () => {
    const { us } = await shared();

    expect(only(await us.cluster.send([route('never')]))).toMatchObject({ outcome: 'unchanged' });
  });
});

describe('an object whose delete was collected', () => {
  /** Deleted at `eu` and collected at `us` while the cluster of `us` was away. */
  async function collected(): Promise<Pair> {
    const setting = await shared();
    await setting.eu.cluster.delete(a);
    await setting.us.pullFrom('eu');
    const row = await setting.us.row(a);
    await setting.us.store.putRow({ key: a, next: 'drop', if: row?.local.revision ?? 0 });
    await setting.us.cluster.pull();
    return setting;
  }

  test('is taken away where it is untouched [I4]', async () => {
    const { us } = await collected();

    const result = only(await us.cluster.send([a], [touched(us)]));

    expect(result).toMatchObject({ outcome: 'refused', reason: 'NotApplied', target: { show: { kind: 'gone' } } });
    expect(us.cluster.objects.has(a)).toBe(false);
  });

  test('is an edit where it was changed meanwhile', async () => {
    const { us } = await collected();

    expect((await us.cluster.write(a, { port: 5 })).outcome).toBe('committed');
    expect(await us.versions(a)).toEqual([{ port: 5 }]);
  });
});

describe('an observation is refused', () => {
  const content = (fields: object): Observation['state'] => ({ kind: 'live', content: JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', spec: {}, ...fields }) });

  test.each<[string, Observation['state'], string]>([
    ['that is no JSON', { kind: 'live', content: '{' }, 'not JSON'],
    ['that is no object', { kind: 'live', content: '[]' }, 'not a JSON object'],
    ['of another kind than its key', content({ kind: 'ProxyVIP' }), 'the key says ProxyRoute'],
    ['of another group than its key', content({ apiVersion: 'v1' }), 'does not match the group'],
    ['that carries a status', content({ status: {} }), 'never federated'],
    ['that carries more of its metadata', content({ metadata: { uid: '1' } }), 'content.metadata.uid'],
  ])('%s', async (_what, state, message) => {
    const { us } = await pair();
    await us.cluster.pull();

    const results = await us.cluster.send([a], [{ key: a, uid: 'u', resourceVersion: '1', token: undefined, state }]);

    expect(results).toMatchObject([{ outcome: 'refused', reason: 'Invalid', message: expect.stringContaining(message) }]);
  });

  test('by its name, and does not hold up the others', async () => {
    const { us } = await pair();
    us.cluster.put(b, { port: 1 });
    const bad = { key: 'novaedge.io/ProxyRoute/../etc' as typeof a, uid: 'u', resourceVersion: '1', token: undefined, state: { kind: 'live', content: contentWith(a, {}) } } as const;

    const results = await us.cluster.send([], [bad, us.cluster.observe(b)]);

    expect(results).toMatchObject([{ outcome: 'refused', reason: 'Invalid' }, { outcome: 'committed' }]);
  });

  test('that stands twice in one commit', async () => {
    const { us } = await shared();
    us.cluster.put(a, { port: 3 });

    const answer = await us.cluster.commit([us.cluster.observe(a), us.cluster.observe(a)]);

    expect(answer.kind === 'done' && answer.results.some(({ outcome }) => outcome === 'refused')).toBe(true);
  });

  test('outside of the filter', async () => {
    const { us } = await pair({ sync: { excludeNamespaces: ['private'] } });
    const key = route('a', 'private');

    expect(await us.cluster.write(key, { port: 1 })).toMatchObject({ outcome: 'refused', reason: 'NotFederated' });
  });

  test('with a label that stays in its cluster', async () => {
    const { us } = await shared();
    const content = JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { labels: { 'app.kubernetes.io/instance': 'x' } }, spec: {} });

    expect(await us.cluster.send([a], [{ ...touched(us), state: { kind: 'live', content } }])).toMatchObject([{ outcome: 'refused', reason: 'Invalid', message: expect.stringContaining('app.kubernetes.io/instance stays in its cluster') }]);
  });

  test('while the federation is paused', async () => {
    const { us } = await shared();
    await us.putFederation({ paused: true });

    expect(await us.cluster.write(a, { port: 3 })).toMatchObject({ outcome: 'refused', reason: 'Paused' });
  });

  test('with more of them than one transaction holds', async () => {
    const { us } = await shared();

    await expect(us.cluster.commit(Array.from({ length: MAX_COMMIT_ROWS + 1 }, () => us.cluster.observe(a)))).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('in hub-spoke', () => {
  const hubAndSpoke = async (): Promise<Pair> => {
    const federation = await Federation.start({ hub: 'us', spec: { mode: 'hub-spoke' } });
    const setting = { federation, us: federation.member('us'), eu: federation.member('eu') };
    await setting.us.cluster.write(a, { port: 1 });
    await federation.exchange();
    await setting.eu.cluster.follow();
    return setting;
  };

  test('a spoke\'s edit of a hub\'s object is put back', async () => {
    const { eu } = await hubAndSpoke();

    const result = await eu.cluster.write(a, { port: 2 });

    expect(result).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: { show: { kind: 'live', content: contentWith(a, { port: 1 }) }, before: { kind: 'live' } } });
    expect(await eu.versions(a)).toEqual([{ port: 1 }]);
  });

  test('a spoke\'s delete of a hub\'s object is put back', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.delete(a)).toMatchObject({ reason: 'SpokeReadOnly', target: { show: { kind: 'live' }, before: { kind: 'nothing' } } });
  });

  test('a spoke\'s own object is left alone', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.write(b, { port: 2 })).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: undefined });
    expect(eu.cluster.specOf(b)).toEqual({ port: 2 });
  });

  const goneAt = async ({ federation, us, eu }: Pair): Promise<void> => {
    await us.cluster.delete(a);
    await federation.exchange();
    await eu.cluster.pull();
  };

  test('a hub\'s delete goes through where a spoke edited the object, with and without its token', async () => {
    for (const token of [undefined, 'none']) {
      const setting = await hubAndSpoke();
      setting.eu.cluster.put(a, { port: 2 }, token);
      await goneAt(setting);

      const [result] = await setting.eu.cluster.send([a]);

      expect(result).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: { show: { kind: 'gone' } } });
    }
  });

  test('a hub\'s delete goes through where it was collected before the spoke\'s cluster was told', async () => {
    const setting = await hubAndSpoke();
    const { federation, eu } = setting;
    eu.cluster.put(a, { port: 2 });
    await goneAt(setting);
    federation.nowMs += hours(25);
    await federation.exchange();
    for (const member of federation.all) await collect(member.replica);
    await eu.cluster.pull();

    expect(await eu.row(a)).toBeUndefined();
    expect(await eu.cluster.send([a])).toMatchObject([{ outcome: 'refused', target: { show: { kind: 'gone' } } }]);
  });

  test('a spoke\'s own object of a name that the hub once deleted is left alone', async () => {
    const setting = await hubAndSpoke();
    await goneAt(setting);
    await setting.eu.cluster.follow();

    expect(await setting.eu.cluster.write(a, { mine: true }, 'none')).toMatchObject({ outcome: 'refused', reason: 'SpokeReadOnly', target: undefined });
  });

  test('a spoke that has lost its rows takes nothing for deleted', async () => {
    const { federation, us, eu } = await hubAndSpoke();
    const backup = eu.store.snapshot();
    await us.cluster.write(b, { port: 1 });
    await federation.exchange();
    await eu.cluster.follow();
    eu.cluster.put(b, { port: 2 });
    eu.restoreTable(backup, 'restored');
    await eu.cluster.pull();

    expect(eu.cluster.objects.get(b)?.token).toBeDefined();
    expect(await eu.cluster.commit([eu.cluster.observe(b)])).toMatchObject({ results: [{ outcome: 'refused', target: undefined }] });
  });

  test('an object that is as the hub has it is nothing', async () => {
    const { eu } = await hubAndSpoke();

    expect(await eu.cluster.send([a], [touched(eu)])).toMatchObject([{ outcome: 'unchanged' }]);
  });

  test('an operator cannot write at a spoke either, and is told of the hub', async () => {
    const { eu } = await hubAndSpoke();

    await expect(eu.operator.apply(manifestOf({ port: 5 }), 'r1')).rejects.toThrow('at the hub, us');
    await expect(eu.operator.delete(a, 'r2')).rejects.toMatchObject({ code: 'refused' });
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
