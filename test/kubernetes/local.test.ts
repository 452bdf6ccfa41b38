import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EXAMPLES } from './running-cluster.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const START_TIMEOUT_MS = 90_000;
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;
const run = promisify(execFile);

let data: string;
let program: ChildProcess;
let output = '';

beforeAll(async () => {
  data = join(mkdtempSync(join(tmpdir(), 'novaedge-kube-')), 'data');
  await start();
});
afterAll(async () => {
  await stop();
  rmSync(join(data, '..'), { recursive: true, force: true });
});

async function start(): Promise<void> {
  output = '';
  program = spawn(process.execPath, [join(ROOT, 'local', 'main.ts'), '--kubernetes', '--data', data], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [program.stdout, program.stderr]) stream?.on('data', (text: Buffer) => { output += text.toString(); });
  for (const untilMs = Date.now() + START_TIMEOUT_MS; !output.includes('goes on where it was.'); await sleep(LOOK_MS)) {
    if (program.exitCode !== null || Date.now() > untilMs) throw new Error(`it did not start: ${output}`);
  }
}
async function stop(): Promise<void> {
  if (program.exitCode !== null) return;
  const ended = new Promise((resolve) => { program.once('exit', resolve); });
  program.kill('SIGINT');
  await ended;
}

const kubectl = async (context: string, ...args: readonly string[]): Promise<string> => (await run(join(data, 'kubectl'), ['--context', context, ...args], { env: { ...process.env, KUBECONFIG: '' } })).stdout;
const specOf = async (context: string, route: string): Promise<unknown> => (parse(await kubectl(context, 'get', 'proxyroute', route, '-n', 'default', '-o', 'yaml')) as { spec: unknown }).spec;
/** The API server of this context's cluster: none else has its folder. */
async function apiServerOf(context: string): Promise<number> {
  const { stdout } = await run('ps', ['-eo', 'pid,args']);
  const pids = stdout.split('\n').filter((line) => / \S*kube-apiserver /.test(line) && line.includes(join(data, 'clusters', context))).map((line) => Number.parseInt(line, 10));
  expect(pids).toHaveLength(1);
  return pids[0] ?? 0;
}
const soon = (look: () => Promise<unknown>) => expect.poll(() => look().catch((error: unknown) => String(error)), { timeout: PATIENCE_MS, interval: 100 });

test('what is applied in one cluster is in the others, as the guide\'s step 7 says, and so is an edit there and a delete', async () => {
  await kubectl('us-west', 'apply', '-f', join(EXAMPLES, 'setup-guide', 'route.yaml'));
  const applied = await specOf('us-west', 'test-route');
  await soon(() => specOf('eu-west', 'test-route')).toEqual(applied);
  await soon(() => specOf('ap-east', 'test-route')).toEqual(applied);

  await kubectl('eu-west', 'patch', 'proxyroute', 'test-route', '--type=merge', '-p', '{"spec":{"hostnames":["edited.example.com"]}}');
  await soon(() => specOf('us-west', 'test-route')).toMatchObject({ hostnames: ['edited.example.com'] });

  await kubectl('ap-east', 'delete', 'proxyroute', 'test-route');
  await soon(() => kubectl('us-west', 'get', 'proxyroutes', '-n', 'default', '-o', 'name')).toBe('');
  await soon(() => kubectl('eu-west', 'get', 'proxyroutes', '-n', 'default', '-o', 'name')).toBe('');
});

test('the federation is shown as the guide\'s step 6 says', async () => {
  for (const context of ['us-west', 'eu-west', 'ap-east']) {
    await soon(async () => (await kubectl(context, 'get', 'novaedgefederation', '-n', 'novaedge-system')).replace(/\S+\n$/, '5m\n')).toMatch(
      /^NAME +FEDERATION-ID +PHASE +MEMBERS +SYNCED +AGE\nlocal-federation +local +Healthy +3 +3 +5m\n$/,
    );
  }
});

test('all of it goes on where it was when it is stopped and started again, and writes nothing for that', async () => {
  await kubectl('us-west', 'apply', '-f', join(EXAMPLES, 'setup-guide', 'route.yaml'));
  await soon(() => specOf('ap-east', 'test-route')).toMatchObject({ hostnames: ['test.example.com'] });
  const versions = await Promise.all(['us-west', 'eu-west', 'ap-east'].map((context) => kubectl(context, 'get', 'proxyroute', 'test-route', '-n', 'default', '-o', 'jsonpath={.metadata.generation}')));

  await stop();
  await start();
  await kubectl('eu-west', 'patch', 'proxyroute', 'test-route', '--type=merge', '-p', '{"spec":{"hostnames":["later.example.com"]}}');

  await soon(() => specOf('us-west', 'test-route')).toMatchObject({ hostnames: ['later.example.com'] });
  const after = await Promise.all(['us-west', 'eu-west', 'ap-east'].map((context) => kubectl(context, 'get', 'proxyroute', 'test-route', '-n', 'default', '-o', 'jsonpath={.metadata.generation}')));
  // One edit, and no write besides.
  expect(after.map(Number)).toEqual(versions.map((generation) => Number(generation) + 1));
});

test('an API server that dies is told in one line that says what to do, and a new start has what was acknowledged', async () => {
  await kubectl('us-west', 'apply', '-f', join(EXAMPLES, 'setup-guide', 'route.yaml'));
  const pid = await apiServerOf('us-west');
  // Ctrl+C goes to a whole process group, and what ends of that has not died.
  expect(Number((await run('ps', ['-o', 'pgid=', '-p', pid.toString()])).stdout)).toBe(pid);
  process.kill(pid, 'SIGKILL');

  await soon(() => Promise.resolve(output)).toMatch(/^us-west: kube-apiserver of its cluster ended: SIGKILL\. Its objects are kept: stop with Ctrl\+C and start again with the same options\..* \S+kube-apiserver\.log$/m);
  expect(output.match(/of its cluster ended/g)).toHaveLength(1);

  await stop();
  expect(output.match(/of its cluster ended/g)).toHaveLength(1);
  await start();
  expect(await kubectl('us-west', 'get', 'proxyroute', 'test-route', '-n', 'default', '-o', 'name')).toContain('test-route');
});

test('nothing of it is left when it has stopped', async () => {
  await stop();

  const { stdout } = await run('ps', ['-eo', 'args']);
  expect(stdout.split('\n').filter((line) => line.includes(data))).toEqual([]);
});
