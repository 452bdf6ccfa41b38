import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../model/ids.ts';
import { asClusterId } from '../model/ids.ts';
import { resourceKey } from '../model/resource-key.ts';
import { OWNERSHIP_MARKS, filterHashOf } from '../model/federated-part.ts';
import { MAX_PULL_WAIT_MS } from '../ports/region.ts';
import type { BridgeCompareResponse } from '../ports/region.ts';
import { ensureServing } from './recover.ts';
import { Federation, never, noise, route } from './testing.ts';
import type { TestMember } from './testing.ts';

const [a, b] = [route('a'), route('b')];
const backend = (name: string): ResourceKey => resourceKey({ group: 'novaedge.io', kind: 'ProxyBackend', namespace: 'default', name });

interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember }

/** `a` is shown in both clusters. */
async function shared(spec = {}): Promise<Pair> {
  const federation = await Federation.start({ spec });
  const setting = { federation, us: federation.member('us'), eu: federation.member('eu') };
  await setting.us.cluster.write(a, { port: 1 });
  await federation.exchange();
  for (const member of federation.all) await member.cluster.follow();
  return setting;
}

/** The cluster of `us` is built anew, under another ID, with nothing in it. */
function rebuild({ cluster }: TestMember): void {
  cluster.id = asClusterId('cluster-new');
  cluster.position = undefined;
  cluster.objects.clear();
}

describe('a first contact', () => {
  test('adopts what is equal', async () => {
    const { us } = await shared();
    rebuild(us);
    us.cluster.put(a, { port: 1 }, 'none');
    const head = await us.head();

    await us.cluster.follow();

    expect(await us.head()).toBe(head);
    expect(us.cluster.objects.get(a)?.token).toBeDefined();
  });

  test('takes what differs for a conflict, in which the newcomer is below all others', async () => {
    const { federation, us } = await shared();
    rebuild(us);
    federation.nowMs += 60_000;
    us.cluster.put(a, { port: 2 }, 'none');

    await us.cluster.follow();

    const row = await us.row(a);
    expect(row?.siblings.map(({ stamp }) => stamp.ms === 0).sort()).toEqual([false, true]);
    expect(us.cluster.specOf(a)).toEqual({ port: 1 });
  });

  test('with what was deleted covers the deletes', async () => {
    const { us } = await shared();
    await us.cluster.delete(a);
    rebuild(us);
    us.cluster.put(a, { port: 2 }, 'none');

    await us.cluster.follow();

    expect(await us.versions(a)).toEqual([{ port: 2 }]);
  });

  test('with what nobody knows brings it', async () => {
    const { us } = await shared();
    rebuild(us);
    us.cluster.put(b, { port: 2 }, 'none');

    await us.cluster.follow();

    expect(await us.versions(b)).toEqual([{ port: 2 }]);
  });

  test('deletes nothing: an empty cluster is filled', async () => {
    const { us } = await shared();
    rebuild(us);

    await us.cluster.follow();

    expect(await us.versions(a)).toEqual([{ port: 1 }]);
    expect(us.cluster.specOf(a)).toEqual({ port: 1 });
  });

  test('with tokens of the cluster before is one all the same', async () => {
    const { us } = await shared();
    const token = us.cluster.objects.get(a)?.token;
    rebuild(us);
    us.cluster.put(a, { port: 2 }, token);

    await us.cluster.follow();

    expect(await us.versions(a)).toHaveLength(2);
  });

  test('shows a delete to nobody who never had the object', async () => {
    const { us } = await shared();
    await us.cluster.delete(a);
    rebuild(us);

    expect(await us.cluster.follow()).toEqual([]);
  });

  test('is what a wrong cluster ID cannot make', async () => {
    const { us } = await shared();
    us.cluster.id = asClusterId('../../etc');

    await expect(us.cluster.pull()).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('a cluster that was restored', () => {
  test('to an earlier resource version is a first contact: what is missing is put back', async () => {
    const { us } = await shared();
    await us.cluster.write(b, { port: 2 });
    await us.cluster.follow();
    await forceCompare(us);
    us.cluster.objects.delete(b);
    us.cluster.setResourceVersion(10);

    await forceCompare(us);

    expect(await us.versions(b)).toEqual([{ port: 2 }]);
    expect(us.cluster.specOf(b)).toEqual({ port: 2 });
  });

  test('has another life from then on, so that its old tokens count no longer', async () => {
    const { us } = await shared();
    const token = us.cluster.objects.get(a)?.token;
    await forceCompare(us);
    us.cluster.setResourceVersion(10);
    await forceCompare(us);

    await us.cluster.follow();

    expect((await us.store.document('bridge'))?.value).toMatchObject({ clusterId: 'cluster-us~2' });
    expect(us.cluster.objects.get(a)?.token).not.toBe(token);
    expect((await us.cluster.write(a, { port: 3 })).outcome).toBe('committed');
  });

  test.each([['999', '1000'], ['9', '10'], ['99999999999999999999', '100000000000000000000']])('is not one whose version goes from %s to %s', async (before, after) => {
    const { us } = await shared();
    await us.cluster.report({ listResourceVersion: before });

    await us.region.compare({ ...us.cluster.identity, after: undefined, upTo: undefined, listResourceVersion: after, objects: [] }, never);

    expect((await us.store.document('bridge'))?.value).toMatchObject({ clusterId: 'cluster-us' });
  });
});

/** Lists everything, compares, shows and reports, as after a watch that broke. */
async function forceCompare(member: TestMember): Promise<void> {
  const { upTo } = await member.cluster.pull();
  for (const target of await member.cluster.compareAll()) member.cluster.show(target);
  await member.cluster.report({ applied: upTo, ...(await member.cluster.listed()) });
}

describe('a comparison', () => {
  test('asks for an edit back to what was shown before what nobody has reported yet [I3]', async () => {
    const { federation, us, eu } = await shared();
    federation.nowMs += 1000;
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    const page = await us.cluster.pull();
    for (const target of page.kind === 'page' ? page.targets : []) us.cluster.show(target);
    const late = us.cluster.specOf(a);
    us.cluster.put(a, { port: 1 });

    await us.cluster.compareAll();

    expect(late).toEqual({ port: 2 });
    expect((await us.operator.get(a))?.manifest).toContain('"port":1');
  });

  test('finds edits and deletes that no watch told of', async () => {
    const { us } = await shared();
    await us.cluster.write(b, { port: 1 });
    await us.cluster.follow();
    us.cluster.put(a, { port: 7 });
    us.cluster.remove(b);

    await forceCompare(us);

    expect(await us.versions(a)).toEqual([{ port: 7 }]);
    expect(await us.versions(b)).toEqual(['deleted']);
  });

  test('brings what changed elsewhere', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 5 });
    await eu.cluster.write(b, { port: 6 });
    await us.pullFrom('eu');

    await forceCompare(us);

    expect([us.cluster.specOf(a), us.cluster.specOf(b)]).toEqual([{ port: 5 }, { port: 6 }]);
  });

  test('of what is level asks for nothing', async () => {
    const { us } = await shared();
    const [object] = [...us.cluster.objects].map(([key, { uid, resourceVersion, hash, token }]) => ({ key, uid, resourceVersion: resourceVersion.toString(), hash, token }));
    if (object === undefined) throw new Error('nothing is shown');

    const answer = await us.region.compare({ ...us.cluster.identity, after: undefined, upTo: undefined, listResourceVersion: us.cluster.resourceVersion, objects: [object] }, never);

    expect(answer).toEqual({ send: [], apply: [], readTo: undefined });
  });

  test('goes in stretches where the rows are too many for one answer', async () => {
    const { us, eu } = await shared();
    const keys = Array.from({ length: 40 }, (_, at) => route(`r${at.toString().padStart(2, '0')}`));
    for (const key of keys) eu.cluster.put(key, { blob: noise(50_000, key) });
    await eu.cluster.send(keys);
    await us.pullFrom('eu');

    const first = await us.region.compare({ ...us.cluster.identity, after: undefined, upTo: undefined, listResourceVersion: us.cluster.resourceVersion, objects: [] }, never);
    await forceCompare(us);

    expect(first.readTo).toBeDefined();
    expect(first.apply.length).toBeLessThan(keys.length);
    expect(keys.filter((key) => !us.cluster.objects.has(key))).toEqual([]);
  });

  test('says nothing of what lies beyond its stretch', async () => {
    const { us } = await shared();
    await us.cluster.write(b, { port: 1 });
    await us.cluster.follow();

    const { send, apply } = await us.region.compare({ ...us.cluster.identity, after: undefined, upTo: a, listResourceVersion: us.cluster.resourceVersion, objects: [] }, never);

    expect(send).toEqual([a]);
    expect(apply).toEqual([]);
  });
});

describe('a filter that was widened', () => {
  const narrow = { sync: { resourceTypes: ['ProxyRoute'] } };
  const wide = { sync: { resourceTypes: ['ProxyRoute', 'ProxyBackend'] } };

  /** `eu` shares backends, `us` did not; both have one of the same name. */
  async function widened(): Promise<Pair> {
    const setting = await shared(narrow);
    await setting.eu.putFederation(wide);
    await setting.eu.cluster.follow();
    await setting.eu.cluster.write(backend('x'), { port: 1 });
    await setting.eu.cluster.write(backend('y'), { port: 1 });
    await setting.us.pullFrom('eu');
    await setting.us.cluster.follow();
    setting.us.cluster.put(backend('x'), { port: 2 });
    return setting;
  }

  test('lets nothing through before', async () => {
    const { us } = await widened();

    expect(us.cluster.objects.has(backend('y'))).toBe(false);
    expect(await us.cluster.send([backend('x')])).toMatchObject([{ reason: 'NotFederated' }]);
  });

  test('makes what enters it a first contact, and deletes nothing', async () => {
    const { us } = await widened();

    await us.putFederation(wide);
    await us.cluster.follow();

    expect(us.cluster.specOf(backend('y'))).toEqual({ port: 1 });
    expect(await us.versions(backend('x'))).toHaveLength(2);
    expect((await us.row(backend('x')))?.siblings.some(({ stamp }) => stamp.ms === 0)).toBe(true);
  });

  test('asks the bridge to compare, until it has reported so', async () => {
    const { us } = await widened();
    await us.putFederation(wide);

    const before = (await us.cluster.pull()).kind;
    await us.cluster.follow();

    expect([before, (await us.cluster.pull()).kind]).toEqual(['compacted', 'page']);
  });

  test('is not taken for compared by a list under the old one', async () => {
    const { us } = await widened();
    await us.putFederation(wide);

    await us.cluster.report({ filterHash: filterHashOf({ resourceTypes: ['ProxyRoute'], excludeNamespaces: [], ownershipMarks: OWNERSHIP_MARKS }) });

    expect((await us.cluster.pull()).kind).toBe('compacted');
  });
});

describe('a pull', () => {
  test('waits for a change as long as it was asked to, within the limit', async () => {
    const { federation, us } = await shared();
    const startMs = federation.nowMs;

    await us.cluster.pull(10, 5000);
    const afterFirstMs = federation.nowMs - startMs;
    await us.cluster.pull(10, 3_600_000);

    expect(afterFirstMs).toBe(5000);
    expect(federation.nowMs - startMs - afterFirstMs).toBe(MAX_PULL_WAIT_MS);
  });

  test('does not wait where there is a change', async () => {
    const { federation, us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    const startMs = federation.nowMs;

    const { targets } = await us.cluster.pull(10, 5000);

    expect(targets).toHaveLength(1);
    expect(federation.nowMs).toBe(startMs);
  });

  test('says what the cluster should hold until then', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');

    const { targets } = await us.cluster.pull();

    expect(targets).toMatchObject([{ before: { kind: 'live', hash: us.cluster.objects.get(a)?.hash } }]);
  });

  test('never shows a remote change over an edit that is not committed', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    us.cluster.put(a, { port: 3 });

    await us.cluster.follow();

    expect([...(await us.versions(a))].map((version) => JSON.stringify(version)).sort()).toEqual(['{"port":2}', '{"port":3}']);
  });

  test('shows again what came while the bridge was showing', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    const { targets, upTo } = await us.cluster.pull();
    await eu.cluster.write(a, { port: 3 });
    await us.pullFrom('eu');
    for (const target of targets) us.cluster.show(target);
    await us.cluster.report({ applied: upTo });
    us.cluster.position = upTo;

    await us.cluster.follow();

    expect(us.cluster.specOf(a)).toEqual({ port: 3 });
    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });

  test('after the region was restored asks to compare', async () => {
    const { us } = await shared();
    us.restoreTable(us.store.snapshot(), 'table-restored');
    await ensureServing(us.replica, never);

    expect((await us.cluster.pull()).kind).toBe('compacted');
  });
});

describe('a report', () => {
  test('counts no further than the region is', async () => {
    const { us } = await shared();

    await us.cluster.report({ applied: new Map([[await us.incarnation(), 1_000_000]]) });

    expect((await us.store.document('bridge'))?.value).toMatchObject({ applied: expect.arrayContaining([[await us.incarnation(), 1]]) as unknown });
  });

  test('of a bridge that lost the lease is refused', async () => {
    const { us } = await shared();
    us.cluster.leaseEpoch = 5;
    await us.cluster.report({ applied: new Map() });
    us.cluster.leaseEpoch = 4;

    await expect(us.cluster.report({ applied: new Map() })).rejects.toMatchObject({ code: 'refused' });
  });

  test('of an exception keeps what was shown before, until it is cleared', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    const { upTo } = await us.cluster.pull();
    await us.cluster.report({ applied: upTo, exceptions: [{ key: a, kind: 'not-shown', reason: 'Denied', message: 'admission refused it' }] });
    const during = (await us.operator.status()).exceptions;
    await eu.cluster.write(a, { port: 3 });
    await us.pullFrom('eu');
    const { targets: [target] } = await us.cluster.pull();

    await us.cluster.report({ cleared: [a] });

    expect(during).toMatchObject([{ key: a, reason: 'Denied' }]);
    expect(target?.before).toEqual({ kind: 'live', hash: us.cluster.objects.get(a)?.hash });
    expect((await us.operator.status()).exceptions).toEqual([]);
  });

  test('keeps since when an exception stands', async () => {
    const { federation, us } = await shared();
    const exceptions = [{ key: a, kind: 'not-shown', reason: 'Denied', message: 'refused' }] as const;
    await us.cluster.report({ exceptions });
    const [first] = (await us.store.documents('exception/')).values();
    federation.nowMs += 5000;

    await us.cluster.report({ exceptions });

    expect([...(await us.store.documents('exception/')).values()][0]?.value).toEqual(first?.value);
  });

  test('writes an exception before the vector passes it', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    const { upTo } = await us.cluster.pull();
    const writes: string[] = [];
    us.onStore = (method, stage, name) => { if (method === 'putDocument' && stage === 'before') writes.push(String(name)); };

    await us.cluster.report({ applied: upTo, exceptions: [{ key: a, kind: 'not-shown', reason: 'Denied', message: 'refused' }] });

    expect(writes).toEqual([`exception/${a}`, 'bridge']);
  });
});

describe('an exception', () => {
  const fenced = { key: a, kind: 'not-sent', reason: 'Fenced', message: 'writes are fenced' } as const;

  /** The bridge's process ends and another one begins, which knows of no token of what is missing. */
  async function restarted({ cluster, region }: TestMember): Promise<BridgeCompareResponse> {
    return region.compare({ ...cluster.identity, after: undefined, upTo: undefined, listResourceVersion: cluster.resourceVersion, objects: [] }, never);
  }

  test('of a delete that could not be sent leaves it a delete, after the bridge restarts as well', async () => {
    const { us } = await shared();
    us.cluster.remove(a);
    await us.cluster.report({ exceptions: [fenced] });

    expect(await restarted(us)).toMatchObject({ send: [a], apply: [] });
    await us.cluster.report({ exceptions: [fenced] });
    expect(await us.cluster.send([a], [us.cluster.observe(a, { token: undefined })])).toMatchObject([{ outcome: 'committed' }]);
    expect(await us.versions(a)).toEqual(['deleted']);
  });

  test('of what could not be shown makes absence no delete', async () => {
    const { us } = await shared();
    us.cluster.remove(a);
    await us.cluster.report({ exceptions: [{ ...fenced, kind: 'not-shown' }] });

    expect(await us.cluster.send([a], [us.cluster.observe(a, { token: undefined })])).toMatchObject([{ outcome: 'refused', reason: 'NotApplied' }]);
  });

  test('of something not sent says nothing of a newer version that was never shown, whatever vector comes with it', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    us.cluster.remove(a);
    const { upTo } = await us.cluster.pull();
    await us.cluster.report({ applied: upTo, exceptions: [fenced] });

    expect(await restarted(us)).toMatchObject({ send: [], apply: [{ key: a, show: { kind: 'live' } }] });
    await us.cluster.report({ exceptions: [fenced] });
    expect(await restarted(us)).toMatchObject({ send: [], apply: [{ key: a }] });
  });

  test('of an edit that could not be sent does not take it for made before what was shown', async () => {
    const { us, eu } = await shared();
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    await us.cluster.follow();
    us.cluster.put(a, { port: 3 }, 'none');
    await us.cluster.report({ exceptions: [fenced] });

    await us.cluster.send([a]);

    expect(await us.versions(a)).toEqual([{ port: 3 }]);
  });
});

describe('the view at a token', () => {
  test('is what is shown under it, for the dry run', async () => {
    const { us } = await shared();
    const token = us.cluster.objects.get(a)?.token ?? '';

    const target = await us.region.viewAt({ ...us.cluster.identity, key: a, token }, never);

    expect(target).toMatchObject({ show: { kind: 'live', content: us.cluster.objects.get(a)?.content, token } });
  });

  const viewAt = (member: TestMember, key: ResourceKey): ReturnType<TestMember['region']['viewAt']> =>
    member.region.viewAt({ ...member.cluster.identity, key, token: member.cluster.objects.get(key)?.token ?? '' }, never);
  const contentOf = (member: TestMember, key: ResourceKey): string | undefined => member.cluster.objects.get(key)?.content;

  test('is what a commit wrote, though newer versions came before that was reported', async () => {
    const { us, eu } = await shared();
    await us.cluster.write(b, { port: 1 });
    await eu.pullFrom('us');
    await eu.cluster.follow();
    for (const port of [2, 3]) {
      await eu.cluster.write(b, { port });
      await us.pullFrom('eu');
      expect(await viewAt(us, b)).toMatchObject({ show: { kind: 'live', content: contentOf(us, b) } });
    }
    await eu.cluster.delete(b);
    await us.pullFrom('eu');
    expect(await viewAt(us, b)).toMatchObject({ show: { kind: 'live', content: contentOf(us, b) } });
  });

  test.each(['LastWriterWins', 'Merge'])('is what was shown just now and is not reported yet, under %s', async (strategy) => {
    const { us, eu } = await shared({ conflictResolution: { strategy } });
    us.cluster.put(a, { port: 1, mine: true });
    await us.cluster.send([a]);
    await eu.cluster.write(a, { port: 2 });
    await us.pullFrom('eu');
    for (const target of (await us.cluster.pull()).targets) us.cluster.show(target);

    expect(us.cluster.specOf(a)).toEqual(strategy === 'Merge' ? { port: 2, mine: true } : { port: 2 });
    expect(await viewAt(us, a)).toMatchObject({ show: { kind: 'live', content: contentOf(us, a) } });
  });

  test.each(['LastWriterWins', 'Merge'])('is kept beside a row however long it is: a change over it does not fail for size, under %s', async (strategy) => {
    const { federation, us, eu } = await shared({ conflictResolution: { strategy } });
    const [one, two] = [noise(230_000, 'one'), noise(225_000, 'two')];
    await us.cluster.write(b, { one, two });
    if (strategy === 'Merge') await eu.cluster.write(b, { mine: 1 }, 'none');
    await federation.exchange();
    for (const member of federation.all) await member.cluster.follow();
    await eu.cluster.write(b, { three: noise(62_000, 'three') });

    expect(await us.pullFrom('eu')).toMatchObject({ outcome: 'level', changes: 1 });
    expect(await viewAt(us, b)).toMatchObject({ show: { kind: 'live', content: contentOf(us, b) } });
    expect(us.cluster.specOf(b)).toEqual({ one, two, ...(strategy === 'Merge' && { mine: 1 }) });
    expect(Buffer.byteLength(JSON.stringify((await us.row(b))?.local))).toBeLessThan(10_000);
  });

  test('is unknown for a token of somebody else', async () => {
    const { us, eu } = await shared();

    expect(await us.region.viewAt({ ...us.cluster.identity, key: a, token: eu.cluster.objects.get(a)?.token ?? '' }, never)).toBeUndefined();
  });
});
