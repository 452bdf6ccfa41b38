import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { startBridge } from './bridge.ts';
import type { Bridge } from './bridge.ts';
import type { ClusterHarness } from './cluster-harness.ts';
import { eventually, never, PATIENCE, quiet, route, routeKey, specOf } from './cluster-harness.ts';
import { RecordingLogger, realClock, realRandom } from './test-federation.ts';
import type { FederationSettings, TestFederation, TestMember } from './test-federation.ts';

/** What adapter, bridge and region have to keep together: each paragraph of DESIGN §11 that a folder can show. */
export function describeWithRegion(harness: () => ClusterHarness, makeFederation: (settings: FederationSettings) => Promise<TestFederation>): void {
  describe('with its region', () => {
    let federation: TestFederation;
    let here: TestMember;
    let there: TestMember;
    let bridge: Bridge | undefined;
    let logger: RecordingLogger;

    async function open(settings: FederationSettings = {}): Promise<void> {
      federation = await makeFederation(settings);
      here = federation.member('here');
      there = federation.member('there');
      await there.configure();
    }
    async function follow(spec: JsonObject = {}): Promise<void> {
      await harness().userWrites(here.manifest(spec));
      await eventually(async () => { expect((await harness().cluster().federation(never)).kind).toBe('live'); }, PATIENCE);
      await startAgain();
    }
    async function startAgain(): Promise<void> {
      logger = new RecordingLogger();
      bridge = startBridge({ cluster: harness().cluster(), region: here.region, clock: realClock, random: realRandom, logger, version: 'test' });
      await eventually(() => { expect(bridge?.state().kind).toBe('following'); }, PATIENCE);
    }
    async function stop(): Promise<void> {
      await bridge?.stop();
      bridge = undefined;
    }
    afterEach(stop);

    const seenThere = async (key: ResourceKey): Promise<unknown> => {
      const found = await there.operator.get(key);
      return found === undefined ? undefined : (JSON.parse(found.manifest) as JsonObject)['spec'];
    };
    const writeThere = async (manifest: JsonObject): Promise<void> => { await there.operator.apply(JSON.stringify(manifest), crypto.randomUUID()); };
    const deleteThere = async (key: ResourceKey): Promise<void> => { await there.operator.delete(key, crypto.randomUUID()); };
    const seenHere = async (key: ResourceKey): Promise<unknown> => specOf(await harness().userReads(key));
    const key = routeKey('api');

    /** What is here came to be there. */
    async function share(spec: JsonObject): Promise<void> {
      await harness().userWrites(route('api', spec));
      await eventually(async () => { expect(await seenThere(key)).toEqual(spec); }, PATIENCE);
    }

    test('a new object, an edit and a deletion go out', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await share({ n: 2 });
      await harness().userDeletes(key);

      await eventually(async () => { expect(await seenThere(key)).toBeUndefined(); }, PATIENCE);
    });

    test('a new object, an edit and a deletion come in', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
      await deleteThere(key);
      await eventually(async () => { expect(await harness().userReads(key)).toBeUndefined(); }, PATIENCE);
    });

    test('a cluster is one writer: edits in quick succession are no conflict', async () => {
      await open();
      await follow();
      for (let n = 1; n <= 10; n += 1) {
        await harness().userWrites(route('api', { n }));
        await realClock.sleep(n * 7);
      }

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 10 }); }, PATIENCE);
      expect(await there.operator.conflicts(true)).toEqual([]);
      expect(await here.operator.conflicts(true)).toEqual([]);
    });

    test('what was shown is no edit: nothing is written back, now or after a restart', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      expect(await here.head()).toBe(0);

      await stop();
      await harness().restart();
      await startAgain();
      await quiet();
      expect(await here.head()).toBe(0);
    });

    test('a token is renewed after a commit: comparing again finds nothing to do', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      const head = await here.head();
      await stop();
      await harness().restart();
      here.calls.length = 0;
      await startAgain();
      await quiet();

      expect(here.countOf('commit')).toBe(0);
      expect(await here.head()).toBe(head);
    });

    test('a copy under another name is a resource of its own', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await harness().userCopies(key, 'copy');
      await eventually(async () => { expect(await seenThere(routeKey('copy'))).toEqual({ n: 1 }); }, PATIENCE);
      await harness().userDeletes(routeKey('copy'));
      await eventually(async () => { expect(await seenThere(routeKey('copy'))).toBeUndefined(); }, PATIENCE);

      expect(await seenThere(key)).toEqual({ n: 1 });
      expect(await there.operator.conflicts(true)).toEqual([]);
    });

    test('an old export put back is written with what its author knew: a conflict with what came since', async () => {
      const { userExports } = harness();
      if (userExports === undefined) return;
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      const old = await userExports(key);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
      await harness().userWrites(old);

      await eventually(async () => { expect(await there.operator.conflicts(true)).toHaveLength(1); }, PATIENCE);
    });

    test('an edit made while the bridge was away goes out, and one made elsewhere comes in', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 2 }));
      await writeThere(route('other', { n: 1 }));
      await harness().restart();
      await startAgain();

      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('other'))).toEqual({ n: 1 });
      }, PATIENCE);
      expect(await there.operator.conflicts(true)).toEqual([]);
    });

    test('absence is a delete where the object was shown: deleted while the bridge was away', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await writeThere(route('theirs', { n: 1 }));
      await eventually(async () => { expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      await stop();
      await harness().userDeletes(key);
      await harness().userDeletes(routeKey('theirs'));
      await harness().restart();
      await startAgain();

      await eventually(async () => {
        expect(await seenThere(key)).toBeUndefined();
        expect(await seenThere(routeKey('theirs'))).toBeUndefined();
      }, PATIENCE);
    });

    test('absence is none where the object was never shown: it is applied', async () => {
      await open();
      await follow();
      await stop();
      await writeThere(route('api', { n: 1 }));
      await startAgain();

      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 1 });
    });

    test('dirty before apply: an edit is never overwritten unsent, but becomes a version of its own', async () => {
      await open({ strategy: 'Manual' });
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await writeThere(route('api', { n: 'theirs' }));
      await startAgain();

      await eventually(async () => { expect(await there.operator.conflicts(false)).toHaveLength(1); }, PATIENCE);
      const conflict = await there.operator.conflict(key);
      expect(conflict?.versions.map(({ manifest }) => (JSON.parse(manifest ?? '{}') as JsonObject)['spec'])).toEqual(expect.arrayContaining([{ n: 'mine' }, { n: 'theirs' }]));
      expect(await seenHere(key)).toEqual({ n: 'mine' });
    });

    test('dirty before apply: with the last writer winning, both sides end the same', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await writeThere(route('api', { n: 'theirs' }));
      await startAgain();

      await eventually(async () => {
        expect(await there.operator.conflicts(true)).toHaveLength(1);
        expect(await seenHere(key)).toEqual(await seenThere(key));
      }, PATIENCE);
    });

    test('a deletion of our own is no deletion of the user\'s', async () => {
      await open();
      await follow();
      await writeThere(route('api', { n: 1 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      await deleteThere(key);
      await eventually(async () => { expect(await harness().userReads(key)).toBeUndefined(); }, PATIENCE);
      await quiet();

      expect(await here.head()).toBe(0);
      await writeThere(route('api', { n: 2 }));
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 2 }); }, PATIENCE);
    });

    test('an edit against a deletion elsewhere is a conflict, and the object stays', async () => {
      await open({ strategy: 'Merge' });
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().userWrites(route('api', { n: 'mine' }));
      await deleteThere(key);
      await startAgain();

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 'mine' }); }, PATIENCE);
      expect(await seenHere(key)).toEqual({ n: 'mine' });
    });

    test('first contact: equal content is adopted, different content loses and is listed, nothing is deleted', async () => {
      await open();
      await writeThere(route('equal', { n: 1 }));
      await writeThere(route('differs', { n: 'theirs' }));
      await writeThere(route('only-there', { n: 1 }));
      await harness().userWrites(route('equal', { n: 1 }));
      await harness().userWrites(route('differs', { n: 'mine' }));
      await harness().userWrites(route('only-here', { n: 1 }));
      await follow();

      await eventually(async () => {
        expect(await seenThere(routeKey('only-here'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('only-there'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('differs'))).toEqual({ n: 'theirs' });
      }, PATIENCE);
      expect((await there.operator.conflicts(true)).map((conflict) => conflict.key)).toEqual([routeKey('differs')]);
      expect(await seenHere(routeKey('equal'))).toEqual({ n: 1 });
    });

    test('first contact on a row of deletes only: the newcomer\'s object is there again', async () => {
      await open();
      await writeThere(route('api', { n: 1 }));
      await deleteThere(key);
      await harness().userWrites(route('api', { n: 2 }));
      await follow();

      await eventually(async () => { expect(await seenThere(key)).toEqual({ n: 2 }); }, PATIENCE);
      expect(await seenHere(key)).toEqual({ n: 2 });
    });

    test('a cluster set up anew and empty gets everything back; nothing is deleted elsewhere', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().rebuildEmpty();
      await follow();

      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 1 }); }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 1 });
    });

    test('a cluster restored from a backup deletes nothing and overwrites nothing that is newer', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await quiet();
      await stop();
      await harness().backUp();
      await harness().restart();
      await startAgain();
      await share({ n: 2 });
      await harness().userWrites(route('later', { n: 1 }));
      await eventually(async () => { expect(await seenThere(routeKey('later'))).toEqual({ n: 1 }); }, PATIENCE);
      await quiet();
      await stop();
      await harness().restoreBackup();
      await startAgain();

      await eventually(async () => {
        expect(await seenHere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('later'))).toEqual({ n: 1 });
      }, PATIENCE);
      expect(await seenThere(key)).toEqual({ n: 2 });
    });

    test('what the filter keeps out stays; what it lets in later is a first contact', async () => {
      await open();
      await writeThere(route('secret', { n: 'theirs' }, { namespace: 'shop' }));
      await harness().userWrites(route('secret', { n: 'mine' }, { namespace: 'shop' }));
      await harness().userWrites(route('mine', { n: 1 }, { namespace: 'shop' }));
      await follow({ sync: { excludeNamespaces: ['shop'] } });
      await share({ n: 1 });
      await quiet();
      expect(await seenThere(routeKey('mine', 'shop'))).toBeUndefined();
      expect(await seenHere(routeKey('secret', 'shop'))).toEqual({ n: 'mine' });

      await harness().userWrites(here.manifest());
      await eventually(async () => {
        expect(await seenThere(routeKey('mine', 'shop'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('secret', 'shop'))).toEqual({ n: 'theirs' });
      }, PATIENCE);
    });

    test('a mark that is to stay local from now on stays here, and goes everywhere else', async () => {
      await open();
      await follow();
      await harness().userWrites(route('api', { n: 1 }, { labels: { team: 'edge', tier: 'web' } }));
      const labelsThere = async (): Promise<unknown> => (JSON.parse((await there.operator.get(key))?.manifest ?? '{}') as { metadata?: { labels?: unknown } }).metadata?.labels;
      await eventually(async () => { expect(await labelsThere()).toEqual({ team: 'edge', tier: 'web' }); }, PATIENCE);

      await there.configure({ sync: { ownershipMarks: ['team'] } });
      await harness().userWrites(here.manifest({ sync: { ownershipMarks: ['team'] } }));
      await eventually(() => { expect(here.calls.some(({ method, request }) => method === 'putFederation' && JSON.stringify(request).includes('ownershipMarks'))).toBe(true); }, PATIENCE);
      await quiet();
      expect(await labelsThere()).toEqual({ team: 'edge', tier: 'web' });
      await federation.beats();

      await eventually(async () => { expect(await labelsThere()).toEqual({ tier: 'web' }); }, PATIENCE);
      await writeThere(route('api', { n: 2 }, { labels: { tier: 'api' } }));
      await eventually(async () => { expect((await harness().userReads(key))?.['metadata']).toMatchObject({ labels: { team: 'edge', tier: 'api' } }); }, PATIENCE);
      expect(await there.operator.conflicts(true)).toEqual([]);
    });

    test('while paused nothing moves; afterwards everything does', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      await harness().userWrites(here.manifest({ paused: true }));
      await eventually(() => { expect(bridge?.state()).toEqual({ kind: 'idle', why: 'paused' }); }, PATIENCE);
      await harness().userWrites(route('api', { n: 2 }));
      await writeThere(route('theirs', { n: 1 }));
      await quiet();
      expect(await seenThere(key)).toEqual({ n: 1 });
      expect(await harness().userReads(routeKey('theirs'))).toBeUndefined();

      await harness().userWrites(here.manifest());
      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 });
      }, PATIENCE);
    });

    test('while the region is not reachable people go on; afterwards nothing was lost', async () => {
      await open();
      await follow();
      await share({ n: 1 });
      here.isDown = true;
      await harness().userWrites(route('api', { n: 2 }));
      await harness().userWrites(route('new', { n: 1 }));
      await writeThere(route('theirs', { n: 1 }));
      await eventually(() => { expect(bridge?.state().kind).toBe('unavailable'); }, PATIENCE);
      here.isDown = false;

      await eventually(async () => {
        expect(await seenThere(key)).toEqual({ n: 2 });
        expect(await seenThere(routeKey('new'))).toEqual({ n: 1 });
        expect(await seenHere(routeKey('theirs'))).toEqual({ n: 1 });
      }, PATIENCE);
      await eventually(() => { expect(bridge?.exceptions()).toBe(0); }, PATIENCE);
    });

    test('in hub-spoke a spoke\'s edits are put back with an event, and what only it has is left alone', async () => {
      await open({ mode: 'hub-spoke', hub: 'there' });
      await writeThere(route('api', { n: 'hub' }));
      await harness().userWrites(route('own', { n: 1 }));
      await follow();
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await quiet();
      await harness().userWrites(route('api', { n: 'spoke' }));
      await eventually(() => { expect(logger.lines).toContainEqual(expect.objectContaining({ event: 'resource-replaced' })); }, PATIENCE);
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await harness().userDeletes(key);
      await eventually(async () => { expect(await seenHere(key)).toEqual({ n: 'hub' }); }, PATIENCE);
      await quiet();

      expect(await seenHere(routeKey('own'))).toEqual({ n: 1 });
      expect(await seenThere(routeKey('own'))).toBeUndefined();
      expect(bridge?.exceptions()).toBe(0);

      here.isDown = true;
      await harness().userWrites(route('api', { n: 'spoke again' }));
      await deleteThere(key);
      here.isDown = false;
      await eventually(async () => { expect(await harness().userReads(key)).toBeUndefined(); }, PATIENCE);
      expect(await seenHere(routeKey('own'))).toEqual({ n: 1 });
    });

    test('the status comes to the cluster, without changing the federation object', async () => {
      await open();
      await follow();
      await eventually(async () => { expect(isObject(await harness().status())).toBe(true); }, PATIENCE);
      await quiet();

      expect(await harness().status()).toHaveProperty('phase');
      expect(logger.lines.filter(({ event }) => event === 'federation-agreed')).toHaveLength(1);
    });

    test('many objects go out and come in', async () => {
      await open();
      await follow();
      const names = Array.from({ length: 150 }, (_, at) => `bulk-${at.toString()}`);
      await Promise.all(names.map((name) => harness().userWrites(route(name, { name }))));
      for (const name of names) await writeThere(route(`from-there-${name}`, { name }));

      await eventually(async () => {
        for (const name of names) expect(await seenThere(routeKey(name))).toEqual({ name });
        for (const name of names) expect(await seenHere(routeKey(`from-there-${name}`))).toEqual({ name });
      }, { timeout: 20_000, interval: 100 });
      expect(await there.operator.conflicts(true)).toEqual([]);
    }, 30_000);
  });
}
