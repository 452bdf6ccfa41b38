import { copyFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { silentLogger } from '../../shared/ports/logger.ts';
import { startBridge } from '../bridge/bridge.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { realClock, realRandom, TestFederation } from '../bridge/test-federation.ts';
import { makeDirectoryHarness } from './directory-harness.ts';
import { newText } from './edit-text.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => { for (const close of closing.splice(0).reverse()) await close(); });

/** Folders of clusters that are one federation, each with its bridge and its real region. */
async function federate(...names: readonly string[]): Promise<readonly string[]> {
  const federation = await new TestFederation(names).start();
  return Promise.all(names.map(async (name) => {
    const harness = await makeDirectoryHarness();
    closing.push(() => harness.close());
    await writeFile(join(harness.root, 'federation.yaml'), newText('yaml', federation.member(name).manifest()));
    await harness.restart();
    const bridge: Bridge = startBridge({ cluster: harness.cluster(), region: federation.member(name).region, clock: realClock, random: realRandom, logger: silentLogger, version: 'test' });
    closing.push(() => bridge.stop());
    await vi.waitFor(() => { expect(bridge.state().kind).toBe('following'); }, { timeout: 5000 });
    return harness.root;
  }));
}

const within = (ms: number, check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: ms, interval: 5 });

const ROUTE = `# The route of the guides.
apiVersion: novaedge.io/v1alpha1
kind: ProxyRoute
metadata:
  name: test-route
  namespace: default
spec:
  parentRefs:
    - name: default-gateway
  hostnames:
    - test.example.com   # public
  rules:
    - matches:
        - path:
            type: PathPrefix
            value: /
      backendRef:
        name: test-backend
`;

test('a file that is copied in appears in every other folder within a second, edits go both ways in place, and a removal removes', async () => {
  const [west = '', east = '', north = ''] = await federate('us-west', 'eu-west', 'north');
  const theirs = join(east, 'default', 'proxyroute-test-route.yaml');
  await writeFile(join(west, '..', 'route.yaml'), ROUTE);
  await copyFile(join(west, '..', 'route.yaml'), join(west, 'route.yaml'));
  await within(1000, async () => { expect(await readFile(theirs, 'utf8')).toContain('test.example.com'); });
  await within(1000, async () => { expect(await readFile(join(north, 'default', 'proxyroute-test-route.yaml'), 'utf8')).toBe(await readFile(theirs, 'utf8')); });

  await writeFile(theirs, (await readFile(theirs, 'utf8')).replace('test.example.com', 'new.example.com'));
  await within(1000, async () => { expect(await readFile(join(west, 'route.yaml'), 'utf8')).toBe(ROUTE.replace('test.example.com', 'new.example.com')); });

  await writeFile(join(west, 'route.yaml'), ROUTE.replace('value: /', 'value: /v2'));
  await within(1000, async () => { expect(await readFile(theirs, 'utf8')).toContain('value: /v2'); });

  await rm(theirs);
  await within(1000, async () => { await expect(readFile(join(west, 'route.yaml'))).rejects.toThrow('ENOENT'); });
  await within(1000, async () => { await expect(readFile(join(north, 'default', 'proxyroute-test-route.yaml'))).rejects.toThrow('ENOENT'); });
});

test('a document taken out of a file of several is removed elsewhere, and one removed elsewhere leaves the others as they are', async () => {
  const [west = '', east = ''] = await federate('us-west', 'eu-west');
  const document = (name: string): string => `# ${name}\n${ROUTE.replace('name: test-route', `name: ${name}`)}`;
  const file = join(west, 'all.yaml');
  await writeFile(file, ['a', 'b', 'c'].map(document).join('---\n'));
  await within(1000, async () => { for (const name of ['a', 'b', 'c']) await readFile(join(east, 'default', `proxyroute-${name}.yaml`)); });

  await rm(join(east, 'default', 'proxyroute-b.yaml'));
  await within(1000, async () => { expect(await readFile(file, 'utf8')).toBe(`${document('a')}---\n${document('c')}`); });
  await writeFile(file, document('c'));
  await within(1000, async () => { await expect(readFile(join(east, 'default', 'proxyroute-a.yaml'))).rejects.toThrow('ENOENT'); });
  await readFile(join(east, 'default', 'proxyroute-c.yaml'));

  await rm(join(east, 'default', 'proxyroute-c.yaml'));
  await within(1000, async () => { await expect(readFile(file)).rejects.toThrow('ENOENT'); });
});

test('two people who edit different objects at once both see both', async () => {
  const [west = '', east = ''] = await federate('us-west', 'eu-west');
  const names = Array.from({ length: 10 }, (_, at) => at.toString());
  await Promise.all(names.flatMap((n) => [
    writeFile(join(west, `w${n}.yaml`), ROUTE.replace('name: test-route', `name: w${n}`)),
    writeFile(join(east, `e${n}.json`), JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyBackend', metadata: { name: `e${n}` }, spec: { n } })),
  ]));

  await within(5000, async () => {
    for (const n of names) {
      await readFile(join(east, 'default', `proxyroute-w${n}.yaml`));
      await readFile(join(west, 'default', `proxybackend-e${n}.yaml`));
    }
  });
});
