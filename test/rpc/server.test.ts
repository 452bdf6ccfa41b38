import { once } from 'node:events';
import { Agent } from 'node:https';
import { connect } from 'node:tls';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import { DEFAULT_LIMITS } from '../../shared/rpc/limits.ts';
import { COMPRESS_MIN_BYTES } from '../../shared/wire/compression.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/wire/limits.ts';
import { PAGE } from './recording-handlers.ts';
import { post } from './post.ts';
import type { Answer, Post } from './post.ts';
import { methodNamed } from './requests.ts';
import type { TestAuthorities, World } from './world.ts';
import { agentCertificate, bridgeCertificate, caPems, LOCAL, makeAuthorities, memberCertificate, operatorCertificate, PEER, startWorld, systemClock } from './world.ts';

const pull = methodNamed('peer', 'pull');
const authorities: TestAuthorities = await makeAuthorities();
const peer = await memberCertificate(authorities.peer, PEER);
const admin = await operatorCertificate(authorities.operator, 'admin');
const bridge = await bridgeCertificate(authorities.bridge, LOCAL);
const agent = await agentCertificate(authorities.agent, LOCAL, 'node-1');

let world: World;
const start = async (change: Parameters<typeof startWorld>[0] = {}): Promise<void> => { world = await startWorld({ authorities, ...change }); };
beforeEach(() => start());
afterEach(() => world.stop());
const send = (change: Partial<Post> = {}): Promise<Answer> => post({ port: world.server.port, path: pull.path, body: pull.binary, certificate: peer, ...change });
const restart = async (change: Parameters<typeof startWorld>[0]): Promise<void> => { await world.stop(); await start(change); };

describe('bodies', () => {
  test('are taken as bytes and as JSON, and answered alike', async () => {
    const json = await send({ body: pull.json, headers: { 'content-type': 'application/json' } });

    expect(await send()).toMatchObject({ code: 'ok', headers: { 'content-type': 'application/proto' } });
    expect(json).toMatchObject({ code: 'ok', headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(json.body.toString())).toMatchObject({ page: { from: 'us-west' } });
  });

  test.each([['gzip', gzipSync], ['br', brotliCompressSync]])('are taken in %s, and answered so where it is worth it', async (encoding, compress) => {
    const long = { ...PAGE, answers: [], segments: [], from: PAGE.from, since: new Map(PAGE.since), upTo: PAGE.upTo };
    world.handlers.replies.set('peer.pull', () => ({ ...long, segments: Array.from({ length: 300 }, (_, at) => ({ log: 'iaaaaaaaaaa', first: at + 1, last: at + 1, entries: [], committedAtMs: 1_760_000_000_000, requestId: 'the-same-request', closes: false })) }));

    const answer = await send({ body: compress(pull.binary), headers: { 'content-type': 'application/proto', 'content-encoding': encoding, 'accept-encoding': encoding } });

    expect(answer).toMatchObject({ code: 'ok', headers: { 'content-encoding': encoding } });
    expect(answer.body.length).toBeLessThan(3000);
  });

  test('are not taken compressed where compression is off', async () => {
    await restart({ app: { compression: false } });

    expect(await send({ body: gzipSync(pull.binary), headers: { 'content-encoding': 'gzip' } })).toMatchObject({ code: 'unimplemented' });
    expect(await send({ headers: { 'accept-encoding': 'gzip' } })).toMatchObject({ code: 'ok' });
  });

  test.each(['application/grpc', 'application/connect+proto', 'text/plain', ''])('of type %j are refused', async (type) => {
    expect(await send({ headers: { 'content-type': type } })).toMatchObject({ status: 415, code: 'invalid_argument', message: expect.stringMatching(/accepted are application\/proto and application\/json/) });
  });

  test.each(['x', '-1', '1e3', '99999999999', ''])('with the timeout %j are refused', async (timeout) => {
    expect(await send({ headers: { 'connect-timeout-ms': timeout } })).toMatchObject({ status: 400, code: 'invalid_argument', message: 'connect-timeout-ms is not accepted; accepted are milliseconds in up to ten digits' });
  });

  test.each(['1', '2', 'x'])('under the protocol version %j are taken: there is one', async (version) => {
    expect(await send({ headers: { 'connect-protocol-version': version, 'connect-timeout-ms': '9999999999' } })).toMatchObject({ code: 'ok' });
  });

  test.each([['gzip, br', 'gzip'], ['br;q=1, gzip', 'gzip'], ['zstd,br', 'br'], ['identity', undefined], ['*', undefined]])('that accept %j are answered in %s', async (accepted, encoding) => {
    world.handlers.replies.set('peer.fetchRows', () => ({ answers: [], rest: Array.from({ length: COMPRESS_MIN_BYTES / 32 }, (_, at) => `novaedge.io/ProxyRoute/default/route-${at.toString()}`) }));
    const fetchRows = methodNamed('peer', 'fetchRows');

    expect((await send({ path: fetchRows.path, body: fetchRows.binary, headers: { 'accept-encoding': accepted } })).headers['content-encoding']).toBe(encoding);
  });

  test('are not taken by GET', async () => {
    expect(await send({ method: 'GET', body: '' })).toMatchObject({ status: 405, code: 'invalid_argument' });
  });

  test.each([
    ['no message', Buffer.from([0xff, 0xff, 0xff]), 'application/proto'],
    ['half a message', pull.binary.subarray(0, pull.binary.length - 3), 'application/proto'],
    ['no JSON', '{"since":', 'application/json'],
    ['JSON of another shape', '{"since": "x"}', 'application/json'],
    ['JSON that nests deep', '['.repeat(200_000), 'application/json'],
    ['a message that nests deep', Buffer.alloc(100_000, 0x0b), 'application/proto'],
  ])('with %s are the sender\'s fault', async (_what, body, type) => {
    const answer = await send({ body, headers: { 'content-type': type } });

    expect(answer).toMatchObject({ status: 400, code: 'invalid_argument' });
    expect(answer.body.length).toBeLessThan(1500);
    expect(world.handlers.calls).toEqual([]);
  });

  test('that say what cannot be name the field', async () => {
    const answer = await send({ body: JSON.stringify({ dictionary: { logs: ['nobody'] } }), headers: { 'content-type': 'application/json' } });

    expect(answer).toMatchObject({ code: 'invalid_argument', message: 'dictionary.logs[0]: "nobody" is not accepted; accepted is a log\'s name: "i" or "l" with 4 to 32 lower-case letters and digits' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ details: [{ type: 'novaedge.federation.v1.ErrorDetail', debug: { code: 'invalid', field: 'dictionary.logs[0]', correlationId: answer.headers['x-correlation-id'] } }] });
  });
});

describe('long bodies', () => {
  const tooLong = MAX_MESSAGE_BYTES + 1;
  const refused = { status: 400, code: 'out_of_range', message: expect.stringMatching(/^the request is too long/) };

  test('are refused by what they say', async () => {
    expect(await send({ body: Buffer.alloc(tooLong) })).toMatchObject(refused);
  });

  test('are refused in chunks, which say nothing', async () => {
    expect(await send({ body: Buffer.alloc(tooLong), headers: { 'transfer-encoding': 'chunked' } })).toMatchObject(refused);
  });

  test.each([['gzip', gzipSync], ['br', brotliCompressSync]])('are refused as %s bombs, of which no more than a message is unpacked', async (encoding, compress) => {
    const bomb = compress(Buffer.alloc(64 * 1024 * 1024));
    const before = process.memoryUsage().rss;

    const answer = await send({ body: bomb, headers: { 'content-encoding': encoding } });

    expect(answer).toMatchObject(refused);
    expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1024 * 1024);
  });

  test('are cut off when somebody nobody knows sends them', async () => {
    const answer = await send({ certificate: undefined, body: Buffer.alloc(20 * 1024 * 1024) });

    expect(answer).toMatchObject({ status: 401, headers: { connection: 'close' } });
  });

  test('that are refused are read to their end, so that a sender who writes first and reads then gets to know', async () => {
    const socket = connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    socket.pause();
    const body = Buffer.alloc(4 * 1024 * 1024);
    const head = `POST ${pull.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/proto\r\ncontent-length: ${body.length.toString()}\r\n\r\n`;
    await new Promise<void>((resolve, reject) => { socket.write(Buffer.concat([Buffer.from(head), body]), (error) => { if (error instanceof Error) reject(error); else resolve(); }); });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
    await once(socket, 'end');

    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1\.1 401 [^]*"code":"unauthenticated"/);
  });

  test('that are short keep their connection when they are refused', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false, cert: bridge.certificatePem, key: bridge.privateKeyPem });
    world.connections.clear();
    for (let calls = 0; calls < 3; calls += 1) expect(await send({ agent: kept })).toMatchObject({ code: 'permission_denied' });
    kept.destroy();

    expect(world.connections.size).toBe(1);
  });

  test('that promise more than comes end with the connection, and with nothing else', async () => {
    const socket = connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false, cert: peer.certificatePem, key: peer.privateKeyPem });
    socket.write(`POST ${pull.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/proto\r\ncontent-length: 1000\r\n\r\nabc`);
    await once(socket, 'secureConnect');
    socket.end();
    await once(socket.resume(), 'close');

    expect(await send()).toMatchObject({ code: 'ok' });
  });

  test('with more than they promise are no HTTP, and end the connection', async () => {
    const answer = await send({ body: Buffer.concat([pull.binary, Buffer.alloc(10)]), headers: { 'content-length': pull.binary.length } });

    expect(answer).toMatchObject({ status: 400, headers: { connection: 'close' } });
    expect(await send()).toMatchObject({ code: 'ok' });
  });

  test('of an agent may be 256 KiB', async () => {
    const poll = methodNamed('agent', 'poll');

    expect(await send({ path: poll.path, certificate: agent, body: Buffer.alloc(257 * 1024) })).toMatchObject(refused);
  });
});

describe('errors', () => {
  test('that a handler gives keep their code, exactly', async () => {
    world.handlers.replies.set('peer.pull', () => { throw new ReplicaError('fenced', 'writes are fenced until quorum is back'); });

    const answer = await send();

    expect(answer).toMatchObject({ code: 'failed_precondition', message: 'writes are fenced until quorum is back' });
    expect(JSON.parse(answer.body.toString())).toMatchObject({ details: [{ debug: { code: 'fenced' } }] });
  });

  test('that nobody foresaw say where to look, and nothing else', async () => {
    world.handlers.replies.set('peer.pull', () => { throw new TypeError('secret value 42 is undefined'); });

    const answer = await send({ headers: { 'x-correlation-id': 'find-me' } });

    expect(answer).toMatchObject({ status: 500, code: 'internal', message: 'something went wrong here that nobody foresaw; the log has it under find-me' });
    expect(answer.body.toString()).not.toMatch(/secret|\.ts|\n {4}at /);
    expect(world.events).toContainEqual({ level: 'error', event: 'rpc-failed', fields: expect.objectContaining({ method: 'PeerService/Pull', caller: 'peer/eu-west', error: 'TypeError', correlationId: 'find-me' }) });
  });

  test('of an answer that cannot be written are ours', async () => {
    world.handlers.replies.set('peer.pull', () => ({ ...PAGE, segments: Array.from({ length: 6000 }, (_, at) => ({ ...PAGE.segments[0], first: at + 1, last: at + 1, entries: [], requestId: 'x'.repeat(1000) })) }));

    expect(await send()).toMatchObject({ status: 500, code: 'internal' });
    expect(world.events).toContainEqual({ level: 'error', event: 'rpc-failed', fields: expect.objectContaining({ method: 'PeerService/Pull' }) });
  });

  test('of unknown paths are Connect errors too', async () => {
    for (const path of ['/', '/novaedge.federation.v1.PeerService/Nothing', '/../../etc/passwd', `${pull.path}/`]) {
      expect(await send({ path }), path).toMatchObject({ status: 404, code: 'unimplemented' });
    }
  });

  test('of services not offered here are the same', async () => {
    await restart({ app: { handlers: {} } });

    expect(await send()).toMatchObject({ status: 404, code: 'unimplemented' });
  });
});

describe('the correlation id', () => {
  test('is taken from the caller, or made', async () => {
    expect((await send({ headers: { 'x-correlation-id': 'from-me_1' } })).headers['x-correlation-id']).toBe('from-me_1');
    expect((await send()).headers['x-correlation-id']).toMatch(/^[0-9a-f]{24}$/);
    expect((await send({ headers: { 'x-correlation-id': 'no good\tfor a log' } })).headers['x-correlation-id']).toMatch(/^[0-9a-f]{24}$/);
  });
});

describe('the audit log', () => {
  test('has every call of an operator with what it was about, and no payload', async () => {
    const resolve = methodNamed('operator', 'resolveConflict');
    await send({ path: resolve.path, body: resolve.binary, certificate: admin });
    await send({ path: resolve.path, body: resolve.binary, certificate: await operatorCertificate(authorities.operator, 'viewer') });
    await send();

    const audit = world.events.filter(({ event }) => event === 'audit').map(({ fields }) => fields);
    expect(audit).toMatchObject([
      { method: 'OperatorService/ResolveConflict', caller: 'operator/admin/alice@example.com', code: 'ok', key: 'novaedge.io/ProxyRoute/default/api', keep: 'local', requestId: 'r' },
      { method: 'OperatorService/ResolveConflict', caller: 'operator/viewer/alice@example.com', code: 'refused' },
    ]);
  });
});

describe('limits', () => {
  const limited = (role: 'peer' | 'agent', change: Partial<(typeof DEFAULT_LIMITS)['roles']['peer']>): typeof DEFAULT_LIMITS =>
    ({ ...DEFAULT_LIMITS, roles: { ...DEFAULT_LIMITS.roles, [role]: { ...DEFAULT_LIMITS.roles[role], ...change } } });

  test('a quota is one identity\'s, and comes back with time', async () => {
    let nowMs = Date.now();
    await restart({ app: { limits: limited('peer', { burst: 2, perSecond: 1 }), clock: { ...systemClock, nowMs: () => nowMs } } });
    const other = await memberCertificate(authorities.peer, PEER);

    const answers = [await send(), await send(), await send({ certificate: other })];
    expect(answers.map(({ code }) => code)).toEqual(['ok', 'ok', 'resource_exhausted']);
    expect(JSON.parse((answers[2] as Answer).body.toString())).toMatchObject({ message: 'peer/eu-west may call 1 times a second; try again', details: [{ debug: { code: 'quota', retryAfterMs: '1000' } }] });

    nowMs += 1000;
    expect(await send()).toMatchObject({ code: 'ok' });
  });

  test('agents that fill their places keep no peer waiting', async () => {
    await restart({ app: { limits: limited('agent', { concurrent: 2 }) } });
    const poll = methodNamed('agent', 'poll');
    let release = (): void => undefined;
    const waiting = new Promise<void>((resolve) => { release = resolve; });
    world.handlers.replies.set('agent.poll', async () => { await waiting; return { member: 'us-west' }; });
    const ask = (): Promise<Answer> => send({ path: poll.path, body: poll.binary, certificate: agent });

    const polls = [ask(), ask()];
    while (world.handlers.calls.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const third = await ask();
    const others = [await send(), await send({ path: methodNamed('bridge', 'pull').path, body: methodNamed('bridge', 'pull').binary, certificate: bridge })];
    release();

    expect(third).toMatchObject({ code: 'resource_exhausted', message: 'too many calls of agents are under way; try again' });
    expect(others.map(({ code }) => code)).toEqual(['ok', 'ok']);
    expect((await Promise.all(polls)).map(({ code }) => code)).toEqual(['ok', 'ok']);
    expect(await ask()).toMatchObject({ code: 'ok' });
  });

  test('a call that takes too long is given up, and its signal says so', async () => {
    await restart({ app: { limits: { ...DEFAULT_LIMITS, callTimeoutMs: 50 } } });
    let signal: AbortSignal | undefined;
    world.handlers.replies.set('peer.pull', (...args) => { signal = args[2] as AbortSignal; return new Promise(() => undefined); });

    expect(await send()).toMatchObject({ status: 504, code: 'deadline_exceeded' });
    expect(signal?.aborted).toBe(true);
  });

  test('a caller\'s shorter timeout is heeded', async () => {
    let signal: AbortSignal | undefined;
    world.handlers.replies.set('peer.pull', (...args) => {
      signal = args[2] as AbortSignal;
      return new Promise((_resolve, reject) => { signal?.addEventListener('abort', () => { reject(signal?.reason as Error); }); });
    });

    expect(await send({ headers: { 'connect-timeout-ms': '50' } })).toMatchObject({ code: 'deadline_exceeded' });
  });

  test('a caller that hangs up ends its call', async () => {
    const ended = new Promise((resolve) => {
      world.handlers.replies.set('peer.pull', (...args) => { (args[2] as AbortSignal).addEventListener('abort', () => { resolve('aborted'); }); return new Promise(() => undefined); });
    });
    const connections = new Agent({ keepAlive: false });
    send({ agent: connections }).catch(() => undefined);
    while (world.handlers.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    connections.destroy();

    expect(await ended).toBe('aborted');
  });
});

describe('the server', () => {
  test('takes no renegotiation, which could bring another certificate', async () => {
    const socket = connect({ host: '127.0.0.1', port: world.server.port, maxVersion: 'TLSv1.2', rejectUnauthorized: false });
    await once(socket, 'secureConnect');

    const ended = new Promise<Error>((resolve) => { socket.once('error', resolve); });
    socket.renegotiate({}, () => undefined);

    expect((await ended).message).toMatch(/no renegotiation/i);
    socket.destroy();
  });

  const tlsOf = (certificate: KeyedCertificate): { cert: string; key: string; ca: readonly string[] } => ({ cert: certificate.certificatePem, key: certificate.privateKeyPem, ca: caPems(authorities) });
  const serverName = async (): Promise<string> => {
    const socket = connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const { subject } = socket.getPeerX509Certificate() ?? { subject: '' };
    socket.destroy();
    return subject;
  };

  test('is asked for its health without a certificate', async () => {
    expect((await send({ path: '/healthz', method: 'GET', body: '', certificate: undefined })).body.toString()).toBe('ok\n');
  });

  test('takes another certificate while connections go on', async () => {
    const kept = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false, cert: peer.certificatePem, key: peer.privateKeyPem });
    const sockets = new Set<unknown>();
    kept.on('free', (socket) => sockets.add(socket));
    expect(await send({ agent: kept })).toMatchObject({ code: 'ok' });
    expect(await serverName()).toBe(`CN=${LOCAL}`);

    world.server.reload(tlsOf(await memberCertificate(authorities.peer, PEER)));

    expect(await serverName()).toBe(`CN=${PEER}`);
    expect(await send({ agent: kept })).toMatchObject({ code: 'ok' });
    expect(sockets.size).toBe(1);
    kept.destroy();
  });

  test('keeps the old certificate where the new one cannot be read', async () => {
    expect(() => { world.server.reload({ cert: 'no certificate', key: 'no key', ca: [] }); }).toThrow();

    expect(await serverName()).toBe(`CN=${LOCAL}`);
  });

  test('lets calls finish when it stops, and takes no more', async () => {
    let release = (): void => undefined;
    world.handlers.replies.set('peer.pull', () => new Promise((resolve) => { release = () => { resolve(PAGE); }; }));
    const kept = new Agent({ keepAlive: true, rejectUnauthorized: false, cert: peer.certificatePem, key: peer.privateKeyPem });
    const underWay = send({ agent: kept });
    while (world.handlers.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    const stopped = world.server.stop(5000);
    const late = await send().catch((error: unknown) => error);
    release();

    expect(late).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await underWay).toMatchObject({ code: 'ok', headers: { connection: 'close' } });
    await stopped;
    kept.destroy();
  });

  test('ends what does not finish', async () => {
    world.handlers.replies.set('peer.pull', () => new Promise(() => undefined));
    const underWay = send().catch((error: unknown) => error);
    while (world.handlers.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));

    await world.server.stop(50);

    expect(await underWay).toMatchObject({ code: 'ECONNRESET' });
  });

  test('takes so many connections and no more', async () => {
    await restart({ serve: { maxConnections: 2 } });
    const open = [0, 1].map(() => connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false }));
    await Promise.all(open.map((socket) => once(socket, 'secureConnect')));

    const third = await send().catch((error: unknown) => error);
    for (const socket of open) socket.destroy();

    expect(third).toMatchObject({ code: 'ECONNRESET' });
  });

  test('refuses in the handshake where it is told to', async () => {
    await restart({ serve: { refuseInHandshake: true } });
    const other = await makeAuthorities();

    expect(await send()).toMatchObject({ code: 'ok' });
    expect(await send({ certificate: undefined }).catch((error: unknown) => error)).toBeInstanceOf(Error);
    expect(await send({ certificate: await memberCertificate(other.peer, PEER) }).catch((error: unknown) => error)).toBeInstanceOf(Error);
  });

  test('resumes no session: every connection shows its certificate', async () => {
    const first = connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false, cert: peer.certificatePem, key: peer.privateKeyPem });
    const sessions: Buffer[] = [];
    first.on('session', (session: Buffer) => sessions.push(session));
    first.write(`GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`);
    await once(first.resume(), 'close');
    const second = connect({ host: '127.0.0.1', port: world.server.port, rejectUnauthorized: false, ...(sessions[0] !== undefined && { session: sessions[0] }) });
    await once(second, 'secureConnect');
    const isReused = second.isSessionReused();
    second.destroy();

    expect(isReused).toBe(false);
  });
});
