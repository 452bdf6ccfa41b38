import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { NOW_MS, testHost } from '../testing/test-host.ts';
import type { Ran } from '../testing/test-host.ts';

let folder: string;
const run = (...words: readonly string[]): Promise<Ran> => testHost({ workingFolder: folder }).run('certs', ...words);
const certificate = (name: string): X509Certificate => new X509Certificate(readFileSync(join(folder, 'certs', `${name}.crt`)));

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'novactl-certs-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

test('init makes the federation\'s authority and the agents\', keys readable to their user alone', async () => {
  expect((await run('init', '--federation', 'prod-global')).code).toBe(0);

  expect(readdirSync(join(folder, 'certs')).sort()).toEqual(['agent-ca.crt', 'agent-ca.key', 'federation-ca.crt', 'federation-ca.key', 'federation.yaml']);
  for (const name of ['agent-ca.key', 'federation-ca.key']) expect(statSync(join(folder, 'certs', name)).mode & 0o777).toBe(0o600);
  expect(certificate('federation-ca').ca).toBe(true);
});

test('issue makes a certificate for every role, by the authority of the role', async () => {
  await run('init', '--federation', 'prod-global');
  await run('issue', 'member', 'us-west', '--host', 'controller.example.com', '--host', '127.0.0.1');
  await run('issue', 'bridge', 'us-west');
  await run('issue', 'agent', 'us-west', '--node', 'node-1');
  const issued = await run('issue', 'operator', 'alice@example.com', '--level', 'admin', '--life', '2h', '-o', 'json');

  const names = { 'us-west': 'novaedge://prod-global/peer/us-west', 'us-west-bridge': 'novaedge://prod-global/bridge/us-west', 'us-west-agent-node-1': 'novaedge://prod-global/agent/us-west/node-1', 'operator-alice@example.com': 'novaedge://prod-global/operator/admin/alice@example.com' };
  for (const [file, uri] of Object.entries(names)) {
    expect(certificate(file).subjectAltName).toContain(uri);
    expect(certificate(file).checkIssued(certificate(file.includes('agent') ? 'agent-ca' : 'federation-ca'))).toBe(true);
    expect(statSync(join(folder, 'certs', `${file}.key`)).mode & 0o777).toBe(0o600);
  }
  expect(certificate('us-west').subjectAltName).toContain('DNS:controller.example.com');
  expect(JSON.parse(issued.out)).toEqual([expect.objectContaining({ validUntil: new Date(NOW_MS + 2 * 3_600_000).toISOString() })]);
});

test('nothing is overwritten', async () => {
  await run('init', '--federation', 'prod-global');
  const before = readFileSync(join(folder, 'certs', 'federation-ca.key'), 'utf8');

  expect(await run('init', '--federation', 'prod-global')).toMatchObject({ code: 4, err: expect.stringContaining('is there already') });
  await run('issue', 'bridge', 'us-west');
  expect(await run('issue', 'bridge', 'us-west')).toMatchObject({ code: 4, err: expect.stringMatching(/us-west-bridge\.crt is there already and is not overwritten/) });
  expect(readFileSync(join(folder, 'certs', 'federation-ca.key'), 'utf8')).toBe(before);
});

test.each([
  ['a member that cannot be a path', ['issue', 'member', '../us-west'], 'is not a member\'s name'],
  ['an operator that cannot be a path', ['issue', 'operator', '../../alice'], 'is not an identity'],
  ['a node that is none', ['issue', 'agent', 'us-west', '--node', 'a/b'], 'is not an identity'],
  ['a level that is none', ['issue', 'operator', 'alice', '--level', 'root'], 'Allowed choices are viewer, admin'],
  ['a life that is none', ['issue', 'operator', 'alice', '--life', 'long'], '--life: is not a duration'],
  ['a federation that is none', ['init', '--federation', 'Prod Global', '--dir', 'other'], '--federation: "Prod Global" is not accepted'],
])('%s is refused', async (_name, words, message) => {
  await run('init', '--federation', 'prod-global');

  expect(await run(...words)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
});

test('without authorities says how to make them', async () => {
  expect(await run('issue', 'bridge', 'us-west')).toMatchObject({ code: 2, err: expect.stringContaining('novactl certs init --federation ID') });
});
