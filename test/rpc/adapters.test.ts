import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClientTls, ConnectPeerOptions } from '../../shared/adapters/connect/index.ts';
import { ConnectOperator, ConnectPeer, ConnectRegion } from '../../shared/adapters/connect/index.ts';
import { canonicalContent } from '../../shared/model/content.ts';
import { asClusterId, asMember } from '../../shared/model/ids.ts';
import { parseResourceKey } from '../../shared/model/resource-key.ts';
import type { ReplicaErrorCode } from '../../shared/ports/errors.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import { ERROR_CODES, exitCodeOf } from '../../shared/rpc/error-codes.ts';
import { currentCorrelation, withCorrelation } from '../../shared/wire/correlation.ts';
import { BEAT, CONFLICT, CONTENT, DENIED, KEY, LETTER, PAGE, PEER_BEAT } from './recording-handlers.ts';
import type { TestAuthorities, World } from './world.ts';
import { bridgeCertificate, clientTls, FEDERATION, forge, LOCAL, makeAuthorities, memberCertificate, operatorCertificate, PEER, startWorld } from './world.ts';

let authorities: TestAuthorities;
let world: World;
let peerTls: ClientTls;
let bridgeTls: ClientTls;
let adminTls: ClientTls;
const never = new AbortController().signal;
const open: { close(): void }[] = [];
const kept = <T extends { close(): void }>(client: T): T => { open.push(client); return client; };
const endpoint = (): string => `127.0.0.1:${world.server.port.toString()}`;

beforeAll(async () => {
  authorities = await makeAuthorities();
  [peerTls, bridgeTls, adminTls] = (await Promise.all([
    memberCertificate(authorities.peer, PEER), bridgeCertificate(authorities.bridge, LOCAL), operatorCertificate(authorities.operator, 'admin'),
  ])).map((certificate) => clientTls(certificate, authorities)) as [ClientTls, ClientTls, ClientTls];
  world = await startWorld({ authorities });
});
afterAll(() => world.stop());
beforeEach(() => { world.handlers.calls.length = 0; world.handlers.replies.clear(); });
afterEach(() => { for (const client of open.splice(0)) client.close(); });

const peer = (change: Partial<ConnectPeerOptions> = {}): ConnectPeer => kept(new ConnectPeer({ federationId: FEDERATION, member: LOCAL, endpoint: endpoint(), tls: () => peerTls, ...change }));
const region = (tls = bridgeTls): ConnectRegion => kept(new ConnectRegion({ federationId: FEDERATION, member: LOCAL, endpoint: endpoint(), tls: () => tls }));
const operator = (tls = adminTls): ConnectOperator => kept(new ConnectOperator({ federationId: FEDERATION, member: LOCAL, endpoint: endpoint(), tls: () => tls }));

/** What the handler was given, without the signal at the end. */
const received = (): readonly unknown[] => (world.handlers.calls.at(-1)?.args ?? []).filter((arg) => !(arg instanceof AbortSignal));

describe('a peer', () => {
  test.each([true, false])('gets what was sent and answers what was said, compressed: %s', async (compression) => {
    const other = peer({ compression });
    const push = { kind: 'page' as const, page: { ...PAGE, from: PEER } };

    expect(await other.pull({ since: PAGE.since, limit: 7 }, never)).toEqual(PAGE);
    expect(received()).toEqual([PEER, { since: PAGE.since, limit: 7 }]);
    expect(await other.push(push, never)).toEqual({ kind: 'applied', seen: PAGE.upTo });
    expect(received()).toEqual([PEER, push]);
    expect(await other.heartbeat(PEER_BEAT, never)).toEqual(BEAT);
    expect(received()).toEqual([PEER, PEER_BEAT]);
    expect(await other.compareDigests({ kind: 'nodes', nodes: [{ index: 3, children: Buffer.alloc(128) }] }, never)).toEqual({ kind: 'same' });
    expect(await other.fetchRows({ keys: [KEY], keyHashes: [], unindexed: undefined }, never)).toEqual({ answers: PAGE.answers, rest: [] });
    expect(await other.fetchContents({ wanted: [{ key: KEY, hash: CONTENT.hash }] }, never)).toEqual({ contents: new Map([[CONTENT.hash, CONTENT.text]]) });
  });

  test('sends and takes the longest content there may be', async () => {
    const text = `{"a":"${'x'.repeat(4 * 1024 * 1024 - 8)}"}`;
    const { hash } = canonicalContent(JSON.parse(text) as Record<string, string>);
    world.handlers.replies.set('peer.fetchContents', () => ({ contents: new Map([[hash, text]]) }));

    expect((await peer().fetchContents({ wanted: [{ key: KEY, hash }] }, never)).contents.get(hash)).toBe(text);
  });

  test('speaks in its own name only', async () => {
    world.handlers.replies.set('peer.pull', () => ({ ...PAGE, from: asMember('somebody') }));
    world.handlers.replies.set('peer.heartbeat', () => PEER_BEAT);

    await expect(peer().pull({ since: PAGE.since, limit: 7 }, never)).rejects.toMatchObject({ name: 'ReplicaError', code: 'unavailable', message: expect.stringMatching(/page\.from: is somebody/) });
    await expect(peer().heartbeat(PEER_BEAT, never)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/heartbeat\.member: is eu-west/) });
  });

  test('is given up after its timeout', async () => {
    world.handlers.replies.set('peer.heartbeat', () => new Promise(() => undefined));

    await expect(peer({ heartbeatTimeoutMs: 50 }).heartbeat(PEER_BEAT, never)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/^us-west: .*timed out/) });
  });

  test('is left when the caller gives up, with the caller\'s reason', async () => {
    world.handlers.replies.set('peer.pull', () => new Promise(() => undefined));
    const aborted = new AbortController();
    const call = peer().pull({ since: PAGE.since, limit: 7 }, aborted.signal);
    const reason = new Error('shutting down');
    while (world.handlers.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    aborted.abort(reason);

    await expect(call).rejects.toBe(reason);
    const signal = world.handlers.calls[0]?.args[2] as AbortSignal;
    while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(peer().pull({ since: PAGE.since, limit: 7 }, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  test('keeps its connection', async () => {
    const other = peer();
    world.connections.clear();
    for (let calls = 0; calls < 5; calls += 1) await other.compareDigests({ kind: 'summary', summary: '' }, never);

    expect(world.connections.size).toBe(1);
  });

  test('is called with other credentials as soon as there are others', async () => {
    const admin = adminTls;
    let tls = peerTls;
    const other = peer({ tls: () => tls });
    await other.pull({ since: PAGE.since, limit: 7 }, never);

    tls = admin;
    world.connections.clear();
    await expect(other.pull({ since: PAGE.since, limit: 7 }, never)).rejects.toMatchObject({ code: 'refused', message: expect.stringMatching(/operator\/admin\/alice@example\.com may not call this/) });
    tls = peerTls;
    expect(await other.pull({ since: PAGE.since, limit: 7 }, never)).toEqual(PAGE);
  });

  test('passes on under which id the work goes on', async () => {
    let seen: string | undefined;
    world.handlers.replies.set('peer.pull', () => { seen = currentCorrelation(); return PAGE; });
    await withCorrelation('work-7', () => peer().pull({ since: PAGE.since, limit: 7 }, never));

    expect(seen).toBe('work-7');
  });

  test('that is not there is unavailable', async () => {
    await expect(peer({ endpoint: '127.0.0.1:1' }).pull({ since: PAGE.since, limit: 7 }, never)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/ECONNREFUSED/) });
  });
});

describe('whom a client believes', () => {
  const pull = (change: Partial<ConnectPeerOptions>): Promise<unknown> => peer(change).pull({ since: PAGE.since, limit: 7 }, never);
  const ca = (pem: string, more: Partial<ClientTls> = {}): Partial<ConnectPeerOptions> => ({ tls: () => ({ ...peerTls, ca: pem, ...more }) });

  test('a certificate of ours with the member that was meant, at whatever address', async () => {
    await expect(pull({ endpoint: `localhost:${world.server.port.toString()}` })).resolves.toBeDefined();
    await expect(pull({ tls: () => ({ ...peerTls, serverName: 'some.other.name' }) })).resolves.toBeDefined();
  });

  test('not that of another member, nor of another federation', async () => {
    await expect(pull({ member: asMember('ap-east') })).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/certificate is that of novaedge:\/\/prod-global\/peer\/us-west, expected novaedge:\/\/prod-global\/peer\/ap-east/) });
    await expect(pull({ federationId: 'another' })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('not one of another authority, unless told to believe anybody', async () => {
    await expect(pull(ca(authorities.other.certificatePem))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(pull(ca(authorities.other.certificatePem, { insecureSkipVerify: true }))).resolves.toBeDefined();
  });

  test('one of the guides\' by the server\'s name that was given', async () => {
    const guides = await startWorld({ authorities });
    const certificate = await forge(authorities.peer, `CN=${LOCAL}`, []);
    guides.server.reload({ cert: certificate.certificatePem, key: certificate.privateKeyPem, ca: [] });
    const at = { endpoint: `127.0.0.1:${guides.server.port.toString()}` };

    await expect(pull(at)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(pull({ ...at, tls: () => ({ ...peerTls, serverName: 'eu-west' }) })).rejects.toMatchObject({ code: 'unavailable' });
    // It asks for no known authority, so a client's certificate comes without TLS having verified its path: the leaf is enough.
    await expect(pull({ ...at, tls: () => ({ ...peerTls, serverName: 'us-west' }) })).resolves.toBeDefined();
    await guides.stop();
  });
});

describe('errors', () => {
  test.each(Object.keys(ERROR_CODES) as ReplicaErrorCode[])('%s comes back as it was given, with its exit code', async (code) => {
    world.handlers.replies.set('peer.pull', () => { throw new ReplicaError(code, 'this is why'); });

    const error: unknown = await peer().pull({ since: PAGE.since, limit: 7 }, never).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ReplicaError);
    expect(error).toMatchObject({ code, message: 'us-west: this is why' });
    expect(exitCodeOf(code)).toBeGreaterThan(1);
  });

  test('that nobody foresaw are unavailable, and the caller is told where to look', async () => {
    world.handlers.replies.set('peer.pull', () => { throw new TypeError('oops'); });

    await expect(peer().pull({ since: PAGE.since, limit: 7 }, never)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringMatching(/the log has it under [0-9a-f]{24}/) });
  });
});

describe('a region', () => {
  const bridge = { clusterId: asClusterId('cluster-1'), leaseEpoch: 3 };

  test('gets what a bridge sent and answers what was said', async () => {
    const there = region();
    const observation = { key: KEY, uid: 'u', resourceVersion: '12', token: 't', state: { kind: 'live' as const, content: CONTENT.text } };
    const calls: readonly (readonly [string, unknown, Promise<unknown>, unknown])[] = [
      ['pull', { ...bridge, since: PAGE.upTo, limit: 9, waitMs: 100 }, there.pull({ ...bridge, since: PAGE.upTo, limit: 9, waitMs: 100 }, never), { kind: 'page', session: 's' }],
      ['commit', { ...bridge, session: 's', requestId: 'r', observations: [observation] }, there.commit({ ...bridge, session: 's', requestId: 'r', observations: [observation] }, never), { kind: 'done' }],
      ['viewAt', { ...bridge, key: KEY, token: 't' }, there.viewAt({ ...bridge, key: KEY, token: 't' }, never), { key: KEY }],
      ['cleanUp', { ...bridge, done: [{ key: KEY, kept: 'edited' }], after: KEY }, there.cleanUp({ ...bridge, done: [{ key: KEY, kept: 'edited' }], after: KEY }, never), { remove: [{ key: KEY, show: { kind: 'gone' } }], next: KEY }],
      ['reportStatus', { ...bridge, objects: 1, dirty: 0, version: 'v', ifNot: 'h' }, there.reportStatus({ ...bridge, objects: 1, dirty: 0, version: 'v', ifNot: 'h' }, never), { statusHash: 'h' }],
      ['putFederation', { ...bridge, manifest: '{}', generation: 2, schemaGaps: ['a'] }, there.putFederation({ ...bridge, manifest: '{}', generation: 2, schemaGaps: ['a'] }, never), { accepted: true }],
      ['compare', { ...bridge, after: undefined, upTo: KEY, listResourceVersion: '12', objects: [] }, there.compare({ ...bridge, after: undefined, upTo: KEY, listResourceVersion: '12', objects: [] }, never), { send: [KEY] }],
    ];
    for (const [method, request, answer, expected] of calls) {
      expect(await answer, method).toMatchObject(expected as object);
      expect(world.handlers.calls.find((call) => call.method === `bridge.${method}`)?.args[0], method).toEqual(request);
    }
    await expect(there.reportApplied({ ...bridge, applied: PAGE.upTo, exceptions: [{ key: KEY, kind: 'not-sent', reason: 'r', message: 'a\u0007b' }], cleared: [], listResourceVersion: undefined, filterHash: undefined }, never)).resolves.toBeUndefined();
    expect(received()).toMatchObject([{ exceptions: [{ kind: 'not-sent', message: 'a b' }] }]);
  });

  test('is called by nobody but its own bridge', async () => {
    await expect(region(peerTls).viewAt({ ...bridge, key: KEY, token: 't' }, never)).rejects.toMatchObject({ code: 'refused' });
  });
});

describe('an operator', () => {
  test('gets what there is', async () => {
    const there = operator();

    expect(await there.status()).toMatchObject({ phase: 'Healthy', federationId: FEDERATION });
    expect(await there.get(KEY)).toMatchObject({ key: KEY, manifest: CONTENT.text });
    expect(await there.list({ kind: 'ProxyRoute', namespace: undefined }, KEY, 5)).toMatchObject({ resources: [{ key: KEY }], next: undefined });
    expect(received()).toEqual([{ kind: 'ProxyRoute', namespace: undefined }, KEY, 5]);
    expect(await there.apply('{}', 'r')).toEqual({ key: KEY, version: 'v1.4', outcome: 'created' });
    expect(await there.delete(KEY, 'r')).toBe('deleted');
    expect(await there.conflict(KEY)).toEqual(CONFLICT);
    expect(await there.resolve(KEY, 'local', 'r')).toEqual({ version: 'v1.5' });
    expect(await there.syncNow(PEER, never)).toEqual([{ peer: PEER, outcome: 'level', changes: 0 }]);
    expect(await there.reconcile(undefined, never)).toEqual([{ peer: PEER, outcome: 'failed', repaired: 0, reason: 'eu-west cannot be reached' }]);
    expect(await there.approve('up-1a2b3c', 'r9')).toEqual({ resources: 12 });
    expect(await there.reject('down-1a2b3c', 'a slip', 'r9')).toEqual({ resources: 13 });
    await expect(there.reject('sideways-1', '', 'r9')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('hold_id') });
    expect(await there.leave({ confirm: asMember('us-west'), force: true, cleanUp: true })).toMatchObject({ left: false, obstacles: [{ reason: 'NotLevel', member: PEER }], cleanUp: 'asked', examples: [KEY] });
    expect(received()).toEqual([{ confirm: 'us-west', force: true, cleanUp: true }]);
    await there.leave({ confirm: undefined, force: false, cleanUp: false });
    expect(received()[0]).toEqual({ confirm: undefined, force: false, cleanUp: false });
    expect(await there.denied()).toEqual([DENIED]);
    expect(await there.deny('peer/ap-east', 'stolen')).toEqual(DENIED);
    expect(await there.undeny('peer/ap-east')).toBe('removed');
    expect(await there.deadLetters('push', never)).toEqual({ letters: [LETTER], total: 1 });
    expect(received()[0]).toBe('push');
    expect(await there.replayDeadLetters({ kind: 'ids', ids: [LETTER.id, 'push/gone', LETTER.id] }, 'r9', never)).toEqual({ replayed: 1, failed: 1, failures: [{ id: 'push/gone', reason: 'it is not there' }] });
    expect(received().slice(0, 2)).toEqual([{ kind: 'ids', ids: [LETTER.id, 'push/gone'] }, 'r9']);
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'audit', fields: expect.objectContaining({ ids: 'push/0b5e3a1c push/gone push/0b5e3a1c', requestId: 'r9' }) }));
    await there.replayDeadLetters({ kind: 'all', source: undefined }, 'r10', never);
    expect(received().slice(0, 2)).toEqual([{ kind: 'all', source: undefined }, 'r10']);
    await expect(there.replayDeadLetters({ kind: 'ids', ids: ['nonsense'] }, 'r11', never)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('ids[0]') });
    expect(await there.discardDeadLetters([LETTER.id, 'push/gone', LETTER.id], 'r12', never)).toEqual({ discarded: 1, failures: [{ id: 'push/gone', reason: 'it is not there' }] });
    expect(received().slice(0, 2)).toEqual([[LETTER.id, 'push/gone'], 'r12']);
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'audit', fields: expect.objectContaining({ ids: 'push/0b5e3a1c push/gone push/0b5e3a1c', requestId: 'r12' }) }));
    await expect(there.discardDeadLetters([], 'r13', never)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('ids: is empty') });
    expect(await there.history(KEY)).toMatchObject([{ version: 'v1.3' }]);
    world.handlers.replies.set('operator.get', () => undefined);
    expect(await there.get(KEY)).toBeUndefined();
  });

  test('gets all conflicts, however many and however long', async () => {
    const all = Array.from({ length: 2500 }, (_, at) => ({ ...CONFLICT, key: parseResourceKey(`novaedge.io/ProxyRoute/default/r${at.toString().padStart(5, '0')}`), versions: [{ version: 'v1.1', member: LOCAL, isLocal: true, writtenAtMs: 1, origin: 'x', deleted: false, hash: CONTENT.hash, manifest: 'm'.repeat(at % 500 < 2 ? 1_500_000 : 100) }] }));
    world.handlers.replies.set('operator.conflicts', () => [...all].reverse());

    const found = await operator().conflicts(true);

    expect(found.map(({ key }) => key)).toEqual(all.map(({ key }) => key));
    expect(world.handlers.calls.length).toBeGreaterThan(25);
  });

  test('gets all dead letters, in more than one answer where there are many', async () => {
    const all = Array.from({ length: 1500 }, (_, at) => ({ ...LETTER, id: `push/${at.toString().padStart(5, '0')}` }));
    world.handlers.replies.set('operator.deadLetters', () => ({ letters: [...all].reverse(), total: 1501 }));

    expect(await operator().deadLetters(undefined, never)).toEqual({ letters: all, total: 1501 });
    expect(world.handlers.calls.length).toBe(2);
  });

  test('is told what is not built yet', async () => {
    const there = operator();
    world.handlers.replies.set('operator.status', () => { throw new ReplicaError('unsupported', 'not built'); });

    await expect(there.status()).rejects.toMatchObject({ code: 'unsupported' });
  });
});
