import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { createAuthority, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { TestFederation } from '../testing/federation.ts';
import type { Ran } from '../testing/test-host.ts';
import { testHost } from '../testing/test-host.ts';
import { connectRegion } from './connect-region.ts';

// What goes wrong between novactl and a region, against a real server and real files.
interface ContextChange { readonly server?: string; readonly ca?: string; readonly cert?: string; readonly key?: string; readonly serverName?: string; readonly member?: string | undefined }
let federation: TestFederation;
const servers: Server[] = [];

/** Asks for the status through a context that differs from a good one. */
async function status(change: ContextChange, words: readonly string[] = []): Promise<Ran> {
  const config = parse(readFileSync(federation.configPath, 'utf8')) as { contexts: Record<string, unknown>[] };
  const folder = mkdtempSync(join(tmpdir(), 'novactl-config-'));
  const context = { ...config.contexts[0], ...change };
  for (const field of ['ca', 'cert', 'key'] as const) context[field] = join(federation.folder, String(context[field]));
  writeFileSync(join(folder, 'config.yaml'), stringify({ contexts: [Object.fromEntries(Object.entries(context).filter(([, value]) => value !== undefined))] }));
  const { run } = testHost({ nowMs: () => Date.now(), connect: async (options) => connectRegion(options) });
  try {
    return await run('federation', 'status', '--config', join(folder, 'config.yaml'), ...words);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer(onConnection).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return `127.0.0.1:${(typeof address === 'object' ? (address?.port ?? 0) : 0).toString()}`;
}

beforeAll(async () => {
  federation = new TestFederation(['us-west', 'eu-west']);
  await federation.start('LastWriterWins');
  const other = await createAuthority('somebody else', { nowMs: Date.now() });
  const write = (name: string, text: string): void => { writeFileSync(join(federation.folder, name), text); };
  write('other-ca.crt', other.certificatePem);
  const identity = { federationId: 'prod-global', level: 'admin', name: 'alice' } as const;
  const stranger = await issueOperatorCertificate(other, identity, { nowMs: Date.now() });
  write('stranger.crt', stranger.certificatePem);
  write('stranger.key', stranger.privateKeyPem);
  const own = { certificatePem: readFileSync(join(federation.folder, 'ca.crt'), 'utf8'), privateKeyPem: readFileSync(join(federation.folder, 'ca.key'), 'utf8') };
  const old = await issueOperatorCertificate(own, identity, { nowMs: Date.now() - 24 * 3_600_000, lifeMs: 3_600_000 });
  write('old.crt', old.certificatePem);
  write('old.key', old.privateKeyPem);
  write('text.crt', 'no certificate');
});
afterAll(async () => {
  for (const server of servers) server.close();
  await federation.stop();
});

describe('the region', () => {
  test('answers where everything is right', async () => {
    expect(await status({})).toMatchObject({ code: 0, err: '' });
  });

  test('is known by its member\'s name; where the context names none, by its host\'s', async () => {
    expect(await status({ member: 'eu-west' })).toMatchObject({ code: 7, err: expect.stringContaining('novaedge://prod-global/peer/us-west, expected novaedge://prod-global/peer/eu-west') });
    expect(await status({ member: undefined })).toMatchObject({ code: 5, err: expect.stringMatching(/^error: the certificate of 127\.0\.0\.1:\d+ is for another name .*set serverName in the context us-west/) });
    expect(await status({ member: undefined, serverName: 'localhost' })).toMatchObject({ code: 0 });
  });

  test('that nobody runs: says which address, and how to start it', async () => {
    expect(await status({ server: '127.0.0.1:1' })).toEqual({
      code: 7, out: '',
      err: 'error: nothing listens at 127.0.0.1:1 (context us-west): the connection was refused. Start the region (npm start for a local federation, novactl local start MEMBER for a stopped member), or correct the context\'s server\n',
    });
  });

  test('that is something else', async () => {
    const server = await listen((socket) => { socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'); socket.on('error', () => undefined); });

    expect(await status({ server })).toMatchObject({ code: 7, err: expect.stringContaining('does not speak TLS') });
  });

  test('that does not answer in time', async () => {
    const server = await listen((socket) => { socket.on('error', () => undefined); });

    expect(await status({ server }, ['--timeout', '50ms'])).toMatchObject({ code: 7, err: `error: ${server} (context us-west) has not answered within 50ms; a longer --timeout waits longer\n` });
  });

  test('Ctrl-C ends a call at once', async () => {
    const server = await listen((socket) => { socket.on('error', () => undefined); });
    const config = join(federation.folder, 'slow.yaml');
    writeFileSync(config, readFileSync(federation.configPath, 'utf8').replace(/127\.0\.0\.1:\d+/, server));
    const { run, interrupt } = testHost({ nowMs: () => Date.now(), connect: async (options) => { setImmediate(interrupt); return connectRegion(options); } });

    expect(await run('federation', 'status', '--config', config)).toEqual({ code: 130, out: '', err: 'error: ended\n' });
  });
});

describe('certificates: the file is named', () => {
  test.each([
    ['a missing one', { cert: 'nowhere.crt' }, 2, /nowhere\.crt is not there; it is the cert of the context us-west/],
    ['no certificate', { cert: 'text.crt' }, 2, /text\.crt is not a certificate; expected PEM/],
    ['no authority', { ca: 'text.crt' }, 2, /text\.crt is not a certificate/],
    ['no key', { key: 'admin.crt' }, 2, /admin\.crt is not a private key/],
    ['another one\'s key', { key: 'stranger.key' }, 2, /stranger\.key is not the key of .*admin\.crt/],
    ['one that is over', { cert: 'old.crt', key: 'old.key' }, 5, /the certificate .*old\.crt expired on .*novactl certs issue operator/],
    ['another federation\'s authority', { ca: 'other-ca.crt' }, 5, /the certificate of 127\.0\.0\.1:\d+ was not issued by the authority in .*other-ca\.crt/],
    ['one that the region does not know', { cert: 'stranger.crt', key: 'stranger.key' }, 5, /not issued by the authority of its role/],
  ])('%s', async (_name, change, code, message) => {
    const ran = await status(change);

    expect(ran).toMatchObject({ code, out: '', err: expect.stringMatching(message) });
    expect(ran.err.trimEnd()).not.toContain('\n');
  });
});
