import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { EXAMPLES, LocalFederation, eventually, randomPort, runProgram } from './local-federation.ts';

const MEMBERS = ['us-west', 'eu-west', 'ap-east'];
const route = (name: string, host: string): string => `apiVersion: novaedge.io/v1alpha1
kind: ProxyRoute
metadata:
  name: ${name}
  namespace: default
spec:
  hostnames:
    - ${host} # the name people type
  rules:
    - backendRef:
        name: test-backend
`;
const fileOf = (name: string): string => `default/proxyroute-${name}.yaml`;
const hostOf = (manifest: unknown): string | undefined => (manifest as { spec?: { hostnames?: string[] } } | undefined)?.spec?.hostnames?.[0];

describe('a federation on one machine', () => {
  let federation: LocalFederation;
  beforeAll(async () => { federation = await LocalFederation.start(); }, 90_000);
  afterAll(async () => { await federation.remove(); }, 30_000);

  /** Writes a route into a member's folder and waits until all have it. */
  async function spread(member: string, name: string, host: string): Promise<void> {
    await mkdir(federation.file(member, 'default'), { recursive: true });
    await writeFile(federation.file(member, fileOf(name)), route(name, host));
    await everywhere(name, host);
  }
  async function everywhere(name: string, host: string | undefined): Promise<void> {
    for (const member of MEMBERS) await eventually(`${name} at ${member} is ${host ?? 'gone'}`, () => federation.manifest(member, fileOf(name)), (found) => hostOf(found) === host);
  }
  async function conflicts(member: string, ...args: string[]): Promise<readonly Record<string, unknown>[]> {
    const { stdout, stderr } = await federation.novactl('federation', 'conflicts', ...args, '-o', 'json', '--context', member);
    const parsed = JSON.parse(stdout || '[]') as { items?: Record<string, unknown>[] } | Record<string, unknown>[];
    if (stderr !== '') throw new Error(stderr);
    return Array.isArray(parsed) ? parsed : (parsed.items ?? []);
  }

  test("the guide's route, dropped into one folder, is in the others, identical", async () => {
    const wanted: unknown = parse(await readFile(join(EXAMPLES, 'setup-guide', 'route.yaml'), 'utf8'));
    await cp(join(EXAMPLES, 'setup-guide', 'route.yaml'), federation.file('us-west', 'route.yaml'));

    for (const member of ['eu-west', 'ap-east']) {
      const found = await eventually(`the route at ${member}`, () => federation.manifest(member, fileOf('test-route')), (manifest) => manifest !== undefined);
      expect(found).toStrictEqual(wanted);
    }
  });

  test('what is wrong in a folder is told in the terminal and by local status, and leaves nothing behind', async () => {
    const bad = federation.file('us-west', 'bad.yaml');
    await writeFile(bad, 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata:\n  name: bad\n spec: [\n');
    for (const name of ['one.yaml', 'two.yaml']) await writeFile(federation.file('us-west', name), route('twice', `${name}.example.com`));

    const told = await eventually('both problems', () => federation.local('status'), ({ stdout }) => stdout.includes('bad.yaml:5:') && stdout.includes('two.yaml'));
    expect(told.stdout).toContain('Problems in folders:\n  us-west: ');
    expect(federation.output).toContain('us-west: bad.yaml:5:');
    await eventually('the exception', () => federation.operator('us-west').status(), ({ exceptions }) => exceptions.some(({ reason }) => reason === 'Duplicate'));

    for (const name of ['bad.yaml', 'one.yaml', 'two.yaml']) await rm(federation.file('us-west', name));
    await spread('us-west', 'after', 'after.example.com');

    await eventually('no exception', () => federation.operator('us-west').status(), ({ exceptions }) => exceptions.length === 0);
    await eventually('no problem', () => federation.local('status'), ({ stdout }) => !stdout.includes('Problems'));
    expect(federation.output).toContain('us-west: over: bad.yaml:5:');
  });

  test('a folder that was removed is held, and made anew when its member starts again', async () => {
    await spread('us-west', 'held', 'held.example.com');
    await rm(federation.folder('ap-east'), { recursive: true });
    const told = await eventually('the folder is missed', () => federation.local('status'), ({ stdout }) => stdout.includes('is gone'));
    expect(told.stdout).toContain('Nothing is taken for deleted');

    await federation.local('stop', 'ap-east');
    expect((await federation.local('start', 'ap-east')).code).toBe(0);

    await everywhere('held', 'held.example.com');
    await rm(federation.file('ap-east', 'novaedge-system/novaedgefederation.yaml'));
    await eventually('no federation object', () => federation.local('status'), ({ stdout }) => stdout.includes('ap-east: no file holds a NovaEdgeFederation'));
    await rm(federation.folder('ap-east'), { recursive: true });
    await federation.local('stop', 'ap-east');
    await federation.local('start', 'ap-east');
    await everywhere('held', 'held.example.com');
  });

  test('an edit at another member is written into the original file, comments kept', async () => {
    await writeFile(federation.file('us-west', 'mine.yaml'), route('commented', 'one.example.com'));
    await eventually('the route at eu-west', () => federation.manifest('eu-west', fileOf('commented')), (manifest) => manifest !== undefined);

    await federation.edit('eu-west', fileOf('commented'), (text) => text.replace('one.example.com', 'two.example.com'));

    const text = await eventually('the edit in the original file', () => readFile(federation.file('us-west', 'mine.yaml'), 'utf8'), (found) => found.includes('two.example.com'));
    expect(text).toContain('# the name people type');
  });

  test('edits on both sides of a cut are equal after the heal, and the losing version is listed [I3] [I6] [I7]', async () => {
    await spread('us-west', 'both', 'base.example.com');
    expect((await federation.local('cut', 'us-west', 'eu-west')).code).toBe(0);
    expect((await federation.local('cut', 'us-west', 'ap-east')).code).toBe(0);
    await federation.edit('us-west', fileOf('both'), (text) => text.replace('base', 'west'));
    await federation.edit('eu-west', fileOf('both'), (text) => text.replace('base', 'europe'));
    await eventually('the edit within the other side', () => federation.manifest('ap-east', fileOf('both')), (found) => hostOf(found) === 'europe.example.com');

    for (const other of ['eu-west', 'ap-east']) expect((await federation.local('heal', 'us-west', other)).code).toBe(0);

    const list = await eventually('the conflict at us-west', () => conflicts('us-west', '--all'), (found) => found.some((one) => JSON.stringify(one).includes('both')));
    const text = JSON.stringify(list);
    expect(text).toContain('west.example.com');
    expect(text).toContain('europe.example.com');
    const hosts = await eventually('equal content everywhere', () => Promise.all(MEMBERS.map((member) => federation.manifest(member, fileOf('both')))), (found) => new Set(found.map((one) => JSON.stringify(one))).size === 1);
    expect(['west.example.com', 'europe.example.com']).toContain(hostOf(hosts[0]));
    expect(await conflicts('us-west')).toStrictEqual([]);
  });

  test('a delete made while a member is down is not undone when it returns [I4]', async () => {
    await spread('us-west', 'deleted', 'gone.example.com');
    expect((await federation.local('stop', 'ap-east')).code).toBe(0);
    await rm(federation.file('us-west', fileOf('deleted')));
    await eventually('the delete at eu-west', () => federation.manifest('eu-west', fileOf('deleted')), (found) => found === undefined);

    expect((await federation.local('start', 'ap-east')).code).toBe(0);

    await everywhere('deleted', undefined);
    await new Promise((resolve) => { setTimeout(resolve, 3000); });
    await everywhere('deleted', undefined);
  });

  test('novactl tells the state as the guide prints it', async () => {
    const { stdout } = await eventually('a healthy federation', () => federation.novactl('federation', 'status'), ({ stdout: text }) => text.includes('Phase: Healthy'));

    expect(stdout).toContain('Federation: local\nLocal Member: us-west\nPhase: Healthy\n\nMembers:\n');
    expect(stdout).toMatch(/NAME +REGION +STATUS +SYNC LAG +LAST SYNC +AGENTS/);
    expect(stdout).toMatch(/us-west +us-west +Local +- +- +/);
    expect(stdout).toMatch(/eu-west +eu-west +Healthy/);
  });

  test('novactl applies, gets, shows the history and deletes', async () => {
    const file = join(federation.data, 'applied.yaml');
    await writeFile(file, route('applied', 'cli.example.com'));

    expect((await federation.novactl('apply', '-f', file)).stdout).toContain('created');
    await everywhere('applied', 'cli.example.com');
    expect((await federation.novactl('apply', '-f', file)).stdout).toContain('unchanged');
    expect((await federation.novactl('get', 'ProxyRoute/default/applied', '-o', 'yaml', '--context', 'ap-east')).stdout).toContain('cli.example.com');
    expect((await federation.novactl('history', 'ProxyRoute/default/applied')).stdout).toMatch(/v1\.\d+/);
    expect((await federation.novactl('delete', 'ProxyRoute/default/applied')).code).toBe(0);
    await everywhere('applied', undefined);
  });

  test('with strategy Manual a conflict waits for a person, who ends it everywhere', async () => {
    await spread('us-west', 'manual', 'base.example.com');
    expect((await federation.novactl('federation', 'set', 'conflictResolution.strategy=Manual', '--all-contexts')).code).toBe(0);
    for (const member of MEMBERS) {
      await eventually(`Manual in force at ${member}`, async () => JSON.parse((await federation.novactl('federation', 'status', '-o', 'json', '--context', member)).stdout || '{}') as { strategy?: string }, ({ strategy }) => strategy === 'Manual');
    }
    await federation.local('cut', 'us-west', 'eu-west');
    await federation.local('cut', 'us-west', 'ap-east');
    await federation.edit('us-west', fileOf('manual'), (text) => text.replace('base', 'west'));
    await federation.edit('eu-west', fileOf('manual'), (text) => text.replace('base', 'europe'));
    await eventually('the edit within the other side', () => federation.manifest('ap-east', fileOf('manual')), (found) => hostOf(found) === 'europe.example.com');
    await federation.local('heal', 'us-west', 'eu-west');
    await federation.local('heal', 'us-west', 'ap-east');

    const listed = await eventually('the pending conflict', () => federation.novactl('federation', 'conflicts'), ({ stdout }) => stdout.includes('ProxyRoute/default/manual'));
    expect(listed.stdout).toMatch(/RESOURCE +LOCAL VERSION +REMOTE VERSION +DETECTED/);
    const described = await federation.novactl('federation', 'conflicts', 'describe', 'ProxyRoute/default/manual');
    expect(described.stdout).toContain('west.example.com');
    expect(described.stdout).toContain('europe.example.com');
    expect(hostOf(await federation.manifest('us-west', fileOf('manual')))).toBe('west.example.com');
    expect(hostOf(await federation.manifest('eu-west', fileOf('manual')))).toBe('europe.example.com');

    const resolved = await federation.novactl('federation', 'conflicts', 'resolve', 'ProxyRoute/default/manual', '--keep', 'local');

    expect(resolved.stderr).toBe('');
    await everywhere('manual', 'west.example.com');
    for (const member of MEMBERS) await eventually(`no conflict at ${member}`, () => conflicts(member), (found) => !JSON.stringify(found).includes('default/manual'));
  });

  test('a member whose file is lost, or put back from an old copy, compares itself with all others and goes on [I2] [I3]', async () => {
    const file = join(federation.data, 'members', 'ap-east', 'state.sqlite');
    const rootsAndStates = (): Promise<readonly string[]> => Promise.all(MEMBERS.map(async (member) => {
      const { merkleRoot, recovering } = JSON.parse((await federation.novactl('federation', 'status', '-o', 'json', '--context', member)).stdout || '{}') as { merkleRoot?: string; recovering?: boolean };
      return `${merkleRoot ?? 'none'} ${String(recovering)}`;
    }));
    await federation.local('stop', 'ap-east');
    await cp(file, `${file}.old`);
    for (const lose of [() => rm(file), () => cp(`${file}.old`, file)]) {
      for (const suffix of ['-wal', '-shm']) await rm(`${file}${suffix}`, { force: true });
      await lose();
      const name = `while-down-${Math.random().toString(36).slice(2, 8)}`;
      await mkdir(federation.file('us-west', 'default'), { recursive: true });
      await writeFile(federation.file('us-west', fileOf(name)), route(name, 'down.example.com'));

      expect((await federation.local('start', 'ap-east')).code).toBe(0);

      await everywhere(name, 'down.example.com');
      await eventually('one state at all, and nobody recovering', rootsAndStates, (found) => new Set(found).size === 1 && found[0]?.endsWith('false') === true);
      await federation.edit('ap-east', fileOf(name), (text) => text.replace('down.', 'up.'));
      await everywhere(name, 'up.example.com');
      await federation.local('stop', 'ap-east');
    }
    expect((await federation.local('start', 'ap-east')).code).toBe(0);
  });

  test('a second start on the same data says so and exits', async () => {
    const { code, stderr } = await runProgram('local/main.ts', ['--data', federation.data]);

    expect(code).toBe(1);
    expect(stderr).toContain('runs on');
  });

  test('Ctrl-C stops it cleanly, and a restart goes on where it was', async () => {
    await spread('us-west', 'kept', 'kept.example.com');
    expect(await federation.stop()).toBe(0);
    await federation.edit('ap-east', fileOf('kept'), (text) => text.replace('kept.', 'edited.'));

    await federation.start();

    await everywhere('kept', 'edited.example.com');
  }, 120_000);
});

test('npm start -- --hub: what the hub has is at the spokes, and what somebody writes at a spoke is put back', async () => {
  const federation = await LocalFederation.start('--hub', 'us-west');
  try {
    const hostAt = async (member: string): Promise<string | undefined> => hostOf(await federation.manifest(member, fileOf('hubs')));
    await mkdir(federation.file('us-west', 'default'), { recursive: true });
    await writeFile(federation.file('us-west', fileOf('hubs')), route('hubs', 'hub.example.com'));
    for (const member of ['eu-west', 'ap-east']) await eventually(`the hub's route at ${member}`, () => hostAt(member), (host) => host === 'hub.example.com');
    await federation.edit('eu-west', fileOf('hubs'), (text) => text.replace('hub.example.com', 'spoke.example.com'));

    await eventually('the hub\'s route at the spoke again', () => hostAt('eu-west'), (host) => host === 'hub.example.com');
    expect(await hostAt('us-west')).toBe('hub.example.com');
  } finally {
    await federation.remove();
  }
}, 120_000);

test('a member leaves: its folder gives back what came from others, and these go on without it, its process gone', async () => {
  const federation = await LocalFederation.start();
  try {
    for (const member of ['us-west', 'ap-east']) {
      await mkdir(federation.file(member, 'default'), { recursive: true });
      await writeFile(federation.file(member, fileOf(`of-${member}`)), route(`of-${member}`, `${member}.example.com`));
    }
    const hostAt = async (member: string, name: string): Promise<string | undefined> => hostOf(await federation.manifest(member, fileOf(name)));
    for (const member of MEMBERS) for (const of of ['us-west', 'ap-east']) await eventually(`the route of ${of} at ${member}`, () => hostAt(member, `of-${of}`), (host) => host !== undefined);

    expect((await federation.novactl('federation', 'leave', '--cleanup', '--context', 'ap-east')).stdout).toContain('Nothing was changed. To do it: novactl federation leave --cleanup --confirm ap-east\n');
    const left = await federation.novactl('federation', 'leave', '--cleanup', '--confirm', 'ap-east', '--context', 'ap-east');
    expect(left).toMatchObject({ code: 0, stdout: 'ap-east has left the federation; its cluster has removed what came from others and keeps 1 object\n' });

    expect([await hostAt('ap-east', 'of-us-west'), await hostAt('ap-east', 'of-ap-east')]).toEqual([undefined, 'ap-east.example.com']);
    await federation.local('stop', 'ap-east');
    await federation.edit('us-west', fileOf('of-ap-east'), (text) => text.replace('ap-east.example.com', 'ours.example.com'));
    await eventually('the edit at eu-west', () => hostAt('eu-west', 'of-ap-east'), (host) => host === 'ours.example.com');
    const { stdout } = await federation.novactl('federation', 'status', '--context', 'us-west');
    expect(stdout).toMatch(/Phase: Healthy\n/);
    expect(stdout).not.toMatch(/ap-east .*Unhealthy/);
    expect(stdout).toContain('ap-east has left the federation');
  } finally {
    await federation.remove();
  }
}, 120_000);

test('npm start -- --demo shows the steps of the guide and exits 0', async () => {
  const federation = join(await mkdtemp(join(tmpdir(), 'novaedge-demo-')), 'data');
  const { code, stdout } = await runProgram('local/main.ts', ['--data', federation, '--demo', '--port', randomPort().toString()]);
  await rm(join(federation, '..'), { recursive: true, force: true });

  expect(stdout).toContain('The federation did what the guide says.');
  expect(code).toBe(0);
}, 90_000);

test('Ctrl-C while it starts stops it, and leaves nobody behind', async () => {
  const data = join(await mkdtemp(join(tmpdir(), 'novaedge-early-')), 'data');
  const child = spawn(process.execPath, ['local/main.ts', '--data', data, '--port', randomPort().toString()], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { output += text.toString(); });
  const exited = once(child, 'exit');
  await eventually('it starts', async () => output, (text) => text.includes('Starting'));

  child.kill('SIGINT');

  expect((await exited)[0]).toBe(0);
  expect(output).toContain('Stopping');
  expect(output).not.toContain('ended');
  await rm(join(data, '..'), { recursive: true, force: true });
}, 60_000);
