import { describe, expect, test } from 'vitest';
import { SESSION_LIFE_MS } from '../model/token.ts';
import type { Observation } from '../ports/region.ts';
import { MAX_COMMIT_ROWS } from '../ports/store.ts';
import { contentWith, route } from './testing.ts';
import { a, newerInRegion, pair, shared, sorted, touched } from './testing-observations.ts';

const b = route('b');

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
