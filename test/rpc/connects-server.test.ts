import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { DescMethodUnary } from '@bufbuild/protobuf';
import { create, fromBinary } from '@bufbuild/protobuf';
import type { HandlerContext } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { compressionBrotli, compressionGzip, connectNodeAdapter } from '@connectrpc/connect-node';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { AgentService } from '../../proto/gen/novaedge/federation/v1/agent_service_codec.ts';
import { BridgeService } from '../../proto/gen/novaedge/federation/v1/bridge_service_codec.ts';
import { ErrorDetailSchema } from '../../proto/gen/novaedge/federation/v1/error_pb.ts';
import { OperatorService } from '../../proto/gen/novaedge/federation/v1/operator_service_codec.ts';
import { PeerService } from '../../proto/gen/novaedge/federation/v1/peer_service_codec.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { Connection } from '../../shared/adapters/connect/connection.ts';
import type { CallOptions, ClientOf } from '../../shared/adapters/connect/unary-client.ts';
import type { Role } from '../../shared/rpc/caller.ts';
import { CallError } from '../../shared/wire/call-error.ts';
import type { ServiceType } from '../../shared/wire/codec/message-type.ts';
import { withCorrelation } from '../../shared/wire/correlation.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/wire/limits.ts';
import { METHODS } from './requests.ts';
import { caPems, clientTls, FEDERATION, LOCAL, makeAuthorities, memberCertificate, PEER } from './world.ts';

/*
 * Our client at Connect's own server for Node, and at what stands between: gateways with pages of their own, servers that break off.
 */
let server: Server;
let tls: ClientTls;
let connection: Connection;
let listener: RequestListener;
let reply: (context: HandlerContext) => Record<string, unknown> | Promise<Record<string, unknown>>;
const received: unknown[] = [];
const options: CallOptions = { signal: new AbortController().signal, timeoutMs: 20_000 };

const library = connectNodeAdapter({
  acceptCompression: [compressionGzip, compressionBrotli], compressMinBytes: 256,
  routes: (router) => {
    for (const { desc } of METHODS) router.rpc<DescMethodUnary>(desc, (request, context) => {
      received.push(request);
      return reply(context);
    });
  },
});

beforeAll(async () => {
  const authorities = await makeAuthorities();
  const own = await memberCertificate(authorities.peer, LOCAL);
  tls = clientTls(await memberCertificate(authorities.peer, PEER), authorities);
  server = createServer({ cert: own.certificatePem, key: own.privateKeyPem, ca: [...caPems(authorities)], requestCert: true, rejectUnauthorized: true }, (incoming, outgoing) => { listener(incoming, outgoing); });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  listener = library;
  connection = new Connection({ endpoint: `127.0.0.1:${(server.address() as AddressInfo).port.toString()}`, expected: { federationId: FEDERATION, member: LOCAL }, tls: () => tls });
});
afterAll(() => {
  connection.close();
  server.closeAllConnections();
  server.close();
});
afterEach(() => { received.length = 0; listener = library; });

const CODECS: Readonly<Record<Role, ServiceType>> = { peer: PeerService, bridge: BridgeService, agent: AgentService, operator: OperatorService };
type AnyClient = Readonly<Record<string, (request: object, options: CallOptions) => Promise<object>>>;
const peer = (): ClientOf<typeof PeerService> => connection.client(PeerService);
async function refusal(call: Promise<unknown>): Promise<CallError> {
  const error: unknown = await call.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof CallError)) throw new TypeError('the call was not refused', { cause: error });
  return error;
}

describe('at Connect\'s server our client', () => {
  test.each(METHODS.map((method) => [`${method.role}.${method.name}`, method] as const))('calls %s with what was meant', async (_what, { role, name, desc, init, binary }) => {
    reply = () => ({});
    const client = connection.client(CODECS[role]) as unknown as AnyClient;

    expect(await client[name]?.(init, options)).toEqual(create(desc.output));
    expect(received).toEqual([fromBinary(desc.input, binary)]);
  });

  test('sends its time, its name and the correlation id', async () => {
    let headers = new Headers();
    let timeoutMs: number | undefined;
    reply = (context) => { headers = context.requestHeader; timeoutMs = context.timeoutMs(); return {}; };
    await withCorrelation('on-behalf-of', () => peer().pull({ limit: 10 }, options));

    expect(Object.fromEntries(headers)).toMatchObject({ 'x-correlation-id': 'on-behalf-of', 'connect-protocol-version': '1', 'content-type': 'application/proto', 'accept-encoding': 'gzip,br', 'user-agent': 'novaedge' });
    expect(timeoutMs).toBeGreaterThan(0);
    expect(timeoutMs).toBeLessThanOrEqual(options.timeoutMs);
  });

  test('sends and takes long messages compressed', async () => {
    const rest = Array.from({ length: 300 }, (_, at) => `novaedge.io/ProxyRoute/default/route-${at.toString()}`);
    let encoding: string | null = null;
    reply = (context) => { encoding = context.requestHeader.get('content-encoding'); return { rest }; };

    expect((await peer().fetchRows({ keys: rest }, options)).rest).toEqual(rest);
    expect(received).toMatchObject([{ keys: rest }]);
    expect(encoding).toBe('gzip');
  });

  test.each(Object.values(Code).filter((code): code is Code => typeof code === 'number'))('gets the code %i, with its detail and without', async (code) => {
    const detail = { code: 'fenced', correlationId: 'abc', field: 'since', retryAfterMs: 7n };
    reply = () => { throw new ConnectError('so it is', code, { 'x-meta': 'y' }, [{ desc: ErrorDetailSchema, value: detail }]); };
    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: codeToString(code), message: 'so it is', detail });

    reply = () => { throw new ConnectError('', code); };
    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: codeToString(code), message: '', detail: undefined });
  });

  test('reads an error that comes compressed', async () => {
    const message = 'so it is. '.repeat(100);
    reply = () => { throw new ConnectError(message, Code.Aborted); };

    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: 'aborted', message });
  });

  test('refuses an answer that is too long, and keeps its own short', async () => {
    reply = () => ({ rest: ['x'.repeat(MAX_MESSAGE_BYTES)] });
    expect(await refusal(peer().fetchRows({}, options))).toMatchObject({ code: 'resource_exhausted' });

    expect(await refusal(peer().fetchRows({ keys: ['x'.repeat(MAX_MESSAGE_BYTES)] }, options))).toMatchObject({ code: 'resource_exhausted' });
    expect(received).toHaveLength(1);
  });

  test('gives up when its time is over, and when it is told to; the server learns of it', async () => {
    const ended = Promise.withResolvers<undefined>();
    const begun = Promise.withResolvers<undefined>();
    reply = ({ signal }) => new Promise((resolve) => {
      begun.resolve(undefined);
      signal.addEventListener('abort', () => { ended.resolve(undefined); resolve({}); });
    });
    const stop = new AbortController();
    const call = refusal(peer().pull({ limit: 10 }, { ...options, signal: stop.signal }));
    await begun.promise;
    stop.abort();

    expect(await call).toMatchObject({ code: 'canceled' });
    await ended.promise;
    expect(await refusal(peer().pull({ limit: 10 }, { ...options, timeoutMs: 100 }))).toMatchObject({ code: 'deadline_exceeded', message: expect.stringMatching(/timed out/) });
    expect(await refusal(peer().pull({ limit: 10 }, { ...options, signal: AbortSignal.abort() }))).toMatchObject({ code: 'canceled' });
  });
});

describe('where something else answers our client', () => {
  const page = (status: number, headers: Readonly<Record<string, string>>, body: string | Uint8Array = '') => (_incoming: IncomingMessage, outgoing: ServerResponse): void => { outgoing.writeHead(status, headers).end(body); };

  test.each([
    ['a gateway\'s page', page(502, { 'content-type': 'text/html' }, '<html>'), 'unavailable', 'HTTP 502'],
    ['API Gateway\'s 403', page(403, { 'content-type': 'application/json' }, '{"message":"Forbidden"}'), 'permission_denied', 'Forbidden'],
    ['JSON that is no error', page(503, { 'content-type': 'application/json' }, '[1]'), 'unavailable', 'HTTP 503'],
    ['JSON whose message is none', page(404, { 'content-type': 'application/json' }, '{"code":"aborted","message":7}'), 'unimplemented', 'HTTP 404'],
    ['an error with details that are none', page(400, { 'content-type': 'application/json; charset=utf-8' }, '{"code":"aborted","details":[7,{"type":"novaedge.federation.v1.ErrorDetail","value":"////"}]}'), 'aborted', ''],
    ['no JSON', page(500, { 'content-type': 'application/json' }, '{'), 'unknown', 'HTTP 500'],
    ['a page that is fine', page(200, { 'content-type': 'text/html' }, '<html>'), 'unknown', 'answered in "text/html", which is no message'],
    ['a message in JSON', page(200, { 'content-type': 'application/json' }, '{}'), 'unknown', 'answered in "application/json", which is no message'],
    ['nothing', page(200, {}), 'unknown', 'answered in "", which is no message'],
    ['a redirect', page(302, { location: 'https://127.0.0.1:1/' }), 'unknown', 'HTTP 302'],
    ['an encoding that is not had', page(200, { 'content-type': 'application/proto', 'content-encoding': 'zstd' }, 'x'), 'internal', 'the answer is in "zstd", accepted are gzip,br'],
    ['what is not in its encoding', page(200, { 'content-type': 'application/proto', 'content-encoding': 'gzip' }, 'x'), 'invalid_argument', 'the body is not gzip'],
    ['bytes that are no message', page(200, { 'content-type': 'application/proto' }, Buffer.from([0xff])), 'internal', expect.stringMatching(/^the answer cannot be read/)],
    ['what says that it is too long', page(200, { 'content-type': 'application/proto', 'content-length': '9000000' }, 'x'), 'resource_exhausted', expect.stringMatching(/^9000000 bytes/)],
  ])('%s is an error', async (_what, answer, code, message) => {
    listener = answer;

    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code, message });
  });

  test('that never ends, it is ended', async () => {
    const closed = Promise.withResolvers<undefined>();
    listener = (_incoming, outgoing) => {
      outgoing.on('close', () => { closed.resolve(undefined); });
      outgoing.writeHead(500, { 'content-type': 'text/html' }).write('<html>');
    };

    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: 'unknown' });
    await closed.promise;
  });

  test('and breaks off, it is unavailable, and why is told', async () => {
    listener = (_incoming, outgoing) => { outgoing.writeHead(200, { 'content-type': 'application/proto', 'content-length': '100' }).write('x', () => { outgoing.destroy(); }); };
    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: 'unavailable', cause: { code: 'ECONNRESET' } });

    listener = (incoming) => { incoming.socket.destroy(); };
    expect(await refusal(peer().pull({ limit: 10 }, options))).toMatchObject({ code: 'unavailable', cause: { code: 'ECONNRESET' } });
  });

  test('connections are kept: after errors that were read, too', async () => {
    const sockets = new Set<unknown>();
    listener = (incoming, outgoing) => { sockets.add(incoming.socket); library(incoming, outgoing); };
    for (const answer of [() => ({}), () => { throw new ConnectError('no', Code.Aborted); }, () => ({})]) {
      reply = answer;
      await peer().pull({ limit: 10 }, options).catch(() => undefined);
    }

    expect(sockets.size).toBe(1);
  });
});
