import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LocalLink, LocalMember } from './local-control.ts';
import { SupervisorClient } from './supervisor-client.ts';
import type { Ran } from './testing/test-host.ts';
import { testHost } from './testing/test-host.ts';

// The contract of local-control.ts over real sockets, against a supervisor that only keeps the books.
let folder: string;
let server: Server;
let links: LocalLink[];
let members: LocalMember[];

const memberOf = (name: string): LocalMember => ({ name, state: 'running', endpoint: '127.0.0.1:9090', folder: `/data/${name}`, pid: 7, error: null, problems: [] });

function answer(method: string, path: string, body: string): { readonly status: number; readonly body: unknown } {
  if (method === 'GET' && path === '/status') return { status: 200, body: { federationId: 'local', members, links } };
  const [, name = '', verb] = /^\/members\/([^/]+)\/(stop|start)$/.exec(path) ?? [];
  if (method === 'POST' && verb !== undefined) {
    const member = members.find((one) => one.name === name);
    if (member === undefined) return { status: 404, body: { error: `there is no member ${name}; members are us-west, eu-west` } };
    const changed: LocalMember = { ...member, state: verb === 'stop' ? 'stopped' : 'running' };
    members = members.map((one) => (one.name === name ? changed : one));
    return { status: 200, body: changed };
  }
  const { a, b, cut, rpcOnly } = JSON.parse(body) as { a: string; b: string; cut: boolean; rpcOnly: boolean };
  links = [...links.filter((link) => link.a !== a || link.b !== b), ...(cut ? [{ a, b, rpcOnly }] : [])];
  return { status: 200, body: links };
}

async function listen(where: string | number): Promise<void> {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      const { status, body: said } = request.headers.authorization === 'Bearer secret' ? answer(request.method ?? '', request.url ?? '', body) : { status: 401, body: { error: 'wrong token; restart novactl' } };
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
    });
  });
  server.listen(...(typeof where === 'string' ? [where] : [where, '127.0.0.1']) as [string]);
  await once(server, 'listening');
}

async function listenAtSocket(): Promise<void> {
  await listen(join(folder, 's'));
  writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ url: `unix:${join(folder, 's')}`, token: 'secret' }));
}

const run = (...words: readonly string[]): Promise<Ran> => {
  const { host, run: runHere } = testHost({ workingFolder: folder, localControl: (data) => new SupervisorClient(data, host.interrupted) });
  return runHere('local', ...words, '--data', '.');
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'novactl-local-'));
  links = [];
  members = [memberOf('us-west'), memberOf('eu-west')];
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('local', () => {
  test('status, stop and start', async () => {
    await listenAtSocket();

    expect((await run('stop', 'eu-west')).out).toBe('eu-west stopped\n');
    expect((await run('status')).out).toBe([
      'Federation: local', '', 'Members:',
      '  NAME      STATE     ENDPOINT         PID   FOLDER',
      '  us-west   running   127.0.0.1:9090   7     /data/us-west',
      '  eu-west   stopped   127.0.0.1:9090   7     /data/eu-west',
      '', 'Cut links:', '  none', '',
    ].join('\n'));
    expect((await run('start', 'eu-west')).out).toBe('eu-west running\n');
  });

  test('cut and heal', async () => {
    await listenAtSocket();

    await run('cut', 'us-west', 'eu-west', '--rpc-only');
    expect((await run('cut', 'us-west', 'ap-east')).out).toBe('Cut links:\n  BETWEEN   AND       WHAT\n  us-west   eu-west   calls\n  us-west   ap-east   calls and ledger\n');
    expect(JSON.parse((await run('heal', 'us-west', 'eu-west', '-o', 'json')).out)).toEqual([{ a: 'us-west', b: 'ap-east', rpcOnly: false }]);
    expect((await run('heal')).out).toBe('Cut links:\n  none\n');
    expect(await run('heal', 'us-west')).toMatchObject({ code: 2 });
    expect(await run('cut', 'us-west', 'us-west')).toMatchObject({ code: 2 });
  });

  test('over a loopback address as well', async () => {
    await listen(0);
    const address = server.address();
    writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ url: `http://127.0.0.1:${(typeof address === 'object' ? (address?.port ?? 0) : 0).toString()}`, token: 'secret' }));

    expect((await run('status', '-o', 'json')).out).toContain('"federationId": "local"');
  });
});

describe('what goes wrong is told', () => {
  test('no such member', async () => {
    await listenAtSocket();

    expect(await run('stop', 'mars')).toEqual({ code: 3, out: '', err: 'error: there is no member mars; members are us-west, eu-west\n' });
  });

  test('nothing runs, or does not any more', async () => {
    expect(await run('status')).toMatchObject({ code: 7, err: expect.stringContaining('Start one with npm start, or give --data DIR') });
    await listenAtSocket();
    server.close();
    expect(await run('status')).toMatchObject({ code: 7, err: expect.stringContaining('nothing listens there any more') });
  });

  test('another token, another version, another place', async () => {
    await listenAtSocket();
    writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ url: `unix:${join(folder, 's')}`, token: 'other' }));
    expect(await run('status')).toMatchObject({ code: 5, err: 'error: wrong token; restart novactl\n' });
    writeFileSync(join(folder, 'supervisor.json'), JSON.stringify({ url: 'http://example.com:80', token: 'secret' }));
    expect(await run('status')).toMatchObject({ code: 2, err: expect.stringContaining('does not say where the supervisor listens') });
  });
});
