import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAuthority, issueOperatorCertificate } from '../shared/adapters/certificates/index.ts';

// The program as a process of its own.
const program = join(import.meta.dirname, 'main.ts');
let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), 'novactl-process-')); });
afterAll(() => { rmSync(folder, { recursive: true }); });

const environment = () => ({ ...process.env, HOME: folder, NOVACTL_CONFIG: join(folder, 'config.yaml') });

test('prints to the outputs and ends with the exit code', () => {
  expect(spawnSync(process.execPath, [program, 'version'], { encoding: 'utf8', env: environment() })).toMatchObject({ status: 0, stdout: expect.stringMatching(/^novactl \d+\.\d+\.\d+ \(novaedge\.federation\.v1, Node /), stderr: '' });
  expect(spawnSync(process.execPath, [program, 'federation', 'stauts'], { encoding: 'utf8', env: environment() })).toMatchObject({ status: 2, stdout: '', stderr: 'error: unknown command \'stauts\' (Did you mean status?); novactl federation --help tells more\n' });
});

test('--debug alone shows where an error came from', () => {
  const run = (...words: readonly string[]): string => spawnSync(process.execPath, [program, ...words], { encoding: 'utf8', env: { ...environment(), NOVACTL_CONFIG: join(folder, 'none.yaml') } }).stderr;

  expect(run('federation', 'status')).toMatch(/^error: there is no configuration at [^\n]+\n$/);
  expect(run('federation', 'status', '--debug')).toMatch(/\n {4}at .*find-config\.ts[^]*caused by Error: ENOENT/);
});

test('a reader that goes away is no error', () => {
  expect(spawnSync('bash', ['-c', `'${process.execPath}' '${program}' --help | head -n 1; echo "\${PIPESTATUS[0]}"`], { encoding: 'utf8', env: environment() })).toMatchObject({ stdout: 'Usage: novactl [options] [command]\n0\n', stderr: '' });
});

test('Ctrl-C ends a call that hangs, at once and with the shell\'s code', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => { sockets.push(socket); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const authority = await createAuthority('test', { nowMs: Date.now() });
  const operator = await issueOperatorCertificate(authority, { federationId: 'test', level: 'viewer', name: 'alice' }, { nowMs: Date.now() });
  for (const [name, text] of [['ca', authority.certificatePem], ['cert', operator.certificatePem], ['key', operator.privateKeyPem]] as const) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'config.yaml'), `contexts: [{name: slow, server: "127.0.0.1:${(typeof address === 'object' ? (address?.port ?? 0) : 0).toString()}", ca: ca, cert: cert, key: key}]\n`);

  const child = spawn(process.execPath, [program, 'federation', 'status'], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  child.stderr.on('data', (chunk) => { told += String(chunk); });
  await once(server, 'connection');
  child.kill('SIGINT');
  const ended = await once(child, 'exit');
  for (const socket of sockets) socket.destroy();
  server.close();

  expect(ended).toEqual([130, null]);
  expect(told).toBe('error: ended by SIGINT; a write that was under way may have been done\n');
});
