import { spawn } from 'node:child_process';
import { link, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { routeKey } from '../bridge/cluster-acceptance.ts';
import { canonicalContent } from '../../shared/model/content.ts';
import { realClock, realRandom } from '../bridge/test-federation.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { openDirectoryCluster } from './directory-cluster.ts';
import { HIDDEN_FILE } from './hidden-file.ts';

let root: string;
beforeEach(async () => { root = await mkdtemp(join(tmpdir(), 'novaedge-crash-')); });
afterEach(async () => { await rm(root, { recursive: true, force: true }); });

/** Starts the writer, kills it after a while, and returns the highest resource version it was given. */
async function writeAndKill(afterMs: number): Promise<bigint> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'crash-writer.ts'), root], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let complaints = '';
  writer.stdout.on('data', (chunk: Buffer) => { printed += chunk.toString(); });
  writer.stderr.on('data', (chunk: Buffer) => { complaints += chunk.toString(); });
  const started = Date.now();
  while (printed === '' && writer.exitCode === null && Date.now() - started < 8000) await realClock.sleep(5);
  await realClock.sleep(afterMs);
  expect(writer.exitCode, complaints).toBeNull();
  writer.kill('SIGKILL');
  await once(writer, 'close');
  return printed.split('\n').slice(0, -1).map(BigInt).reduce((a, b) => (a > b ? a : b), 0n);
}

test('killed at any moment, no object ends up with a token that is not its own, and no version is given twice', async () => {
  let highest = 0n;
  let clusterId: string | undefined;
  for (let round = 0; round < 6; round += 1) {
    const given = await writeAndKill(17 + round * 41);
    const cluster = await openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger });
    try {
      const identity = await cluster.identity();
      expect(identity.clusterId).toBe(clusterId ?? identity.clusterId);
      ({ clusterId } = identity);
      expect(cluster.problems()).toEqual([]);
      for (const name of ['a', 'b', 'c', 'd']) {
        const read = await cluster.read(routeKey(name), new AbortController().signal);
        if (read.kind === 'live') expect(read.object.token, `${name} in round ${round.toString()}`).toBe(`token of ${read.object.content.hash}`);
        else expect(read.kind).toBe('gone');
      }
      const { resourceVersion } = await cluster.list({ resourceTypes: ['ProxyRoute'], excludeNamespaces: [], ownershipMarks: [] });
      highest = given > highest ? given : highest;
      expect(BigInt(resourceVersion)).toBeGreaterThanOrEqual(highest);
    } finally {
      await cluster.close();
    }
    expect((await readdir(root, { recursive: true })).filter((name) => name.includes('.novaedge-tmp-'))).toEqual([]);
    expect(await readdir(root)).toContain(HIDDEN_FILE);
  }
}, 60_000);

/** Writes an object, takes away everything that was remembered of the write afterwards, and edits the file. Returns the name it was written under. */
async function writeCrashAndEdit(): Promise<string> {
  const cluster = await openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger });
  const { text, hash } = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', spec: { left: 1, right: 1 } });
  expect((await cluster.write({ key: routeKey('a'), content: text, hash, token: 'ours', replaces: undefined })).kind).toBe('ok');
  await link(join(root, HIDDEN_FILE), join(root, 'kept~'));
  const via = /"via":"([^"]+)"/.exec(await readFile(join(root, 'kept~'), 'utf8'))?.[1];
  await cluster.close();
  await rename(join(root, 'kept~'), join(root, HIDDEN_FILE));
  const file = join(root, 'default', 'proxyroute-a.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/ +right: 1\n/, ''));
  return via ?? 'none';
}

async function tokenAfterRestart(): Promise<string | undefined> {
  const cluster = await openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger });
  const read = await cluster.read(routeKey('a'), new AbortController().signal);
  await cluster.close();
  if (read.kind !== 'live') throw new Error(read.kind);
  return read.object.token;
}

test('an edit of what was written just before a crash is one upon that, and no conflict [I6]', async () => {
  await writeCrashAndEdit();

  expect(await tokenAfterRestart()).toBe('ours');
});

test('an edit beside what a crash kept from being written has not seen it [I6]', async () => {
  const via = await writeCrashAndEdit();
  await writeFile(join(root, 'default', via), 'what was to be written');

  expect(await tokenAfterRestart()).toBeUndefined();
  expect((await readdir(root, { recursive: true })).filter((name) => name.includes('.novaedge-tmp-'))).toEqual([]);
});
