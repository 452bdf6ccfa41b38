import { createClient, Code, ConnectError } from '@connectrpc/connect';
import type { Transport } from '@connectrpc/connect';
import { errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { compressionBrotli, compressionGzip, createConnectTransport } from '@connectrpc/connect-node';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorDetailSchema } from '../../proto/gen/novaedge/federation/v1/error_pb.ts';
import { PeerService } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import type { Role } from '../../shared/rpc/caller.ts';
import { CallError, writeCallError } from '../../shared/wire/call-error.ts';
import { MAX_MESSAGE_BYTES } from '../../shared/wire/limits.ts';
import { PAGE } from './recording-handlers.ts';
import { METHODS, methodNamed, NOT_BUILT } from './requests.ts';
import type { World } from './world.ts';
import { agentCertificate, bridgeCertificate, LOCAL, memberCertificate, operatorCertificate, PEER, startWorld } from './world.ts';

/*
 * Our server as Connect's own client for Node sees it: whoever speaks Connect speaks to us.
 */
const GOOD = methodNamed('peer', 'pull').init as MessageInitShape<typeof PeerService.method.pull.input>;
let world: World;
let certificates: Record<Role, KeyedCertificate>;
type Change = Partial<Parameters<typeof createConnectTransport>[0]>;

beforeAll(async () => {
  world = await startWorld();
  const { authorities } = world;
  certificates = {
    peer: await memberCertificate(authorities.peer, PEER), bridge: await bridgeCertificate(authorities.bridge, LOCAL),
    agent: await agentCertificate(authorities.agent, LOCAL, 'node-1'), operator: await operatorCertificate(authorities.operator, 'admin'),
  };
});
afterAll(() => world.stop());
beforeEach(() => { world.handlers.calls.length = 0; world.handlers.replies.clear(); });

function transport(role: Role | undefined, change: Change = {}): Transport {
  const own = role === undefined ? {} : { cert: certificates[role].certificatePem, key: certificates[role].privateKeyPem };
  return createConnectTransport({
    baseUrl: `https://127.0.0.1:${world.server.port.toString()}`, httpVersion: '1.1', useBinaryFormat: true,
    nodeOptions: { ...own, ca: world.authorities.peer.certificatePem }, ...change,
  } as Parameters<typeof createConnectTransport>[0]);
}

const peer = (change: Change = {}): ReturnType<typeof createClient<typeof PeerService>> => createClient(PeerService, transport('peer', change));
async function refusal(call: Promise<unknown>): Promise<ConnectError> {
  const error: unknown = await call.then(() => undefined, (reason: unknown) => reason);
  if (!(error instanceof ConnectError)) throw new TypeError('the call was not refused', { cause: error });
  return error;
}

describe('Connect\'s client', () => {
  test.each(METHODS.map((method) => [`${method.role}.${method.name}`, method] as const))('calls %s in binary and in JSON, and gets one answer', async (_what, { role, name, desc, init }) => {
    const call = async (change: Change): Promise<unknown> => (await transport(role, change).unary(desc, undefined, 10_000, undefined, init)).message;
    const answers = await Promise.allSettled([call({}), call({ useBinaryFormat: false }), call({ sendCompression: compressionGzip, compressMinBytes: 0 }), call({ acceptCompression: [compressionBrotli], sendCompression: compressionBrotli, compressMinBytes: 0 })]);

    for (const answer of answers) {
      if (NOT_BUILT.has(name)) expect(answer).toMatchObject({ status: 'rejected', reason: { code: Code.Unimplemented } });
      else expect(answer).toEqual(answers[0]);
    }
    if (NOT_BUILT.has(name)) return;
    expect(answers[0].status).toBe('fulfilled');
    const [first, ...others] = world.handlers.calls.filter(({ method }) => method === `${role}.${name}`);
    for (const other of others) expect(withoutSignals(other.args)).toEqual(withoutSignals(first?.args ?? []));
  });

  test.each([['gzip', compressionGzip], ['br', compressionBrotli]] as const)('takes long answers in %s', async (_what, compression) => {
    world.handlers.replies.set('peer.pull', () => ({ ...PAGE, segments: Array.from({ length: 300 }, (_, at) => ({ ...PAGE.segments[0], first: at + 1, last: at + 1, entries: [], requestId: 'the-same-request' })) }));
    const headers: Headers[] = [];
    const client = peer({ acceptCompression: [compression] });

    const { result } = await client.pull(GOOD, { onHeader: (header) => headers.push(header) });

    expect(result.case === 'page' ? result.value.segments.length : result.case).toBe(300);
    expect(headers[0]?.get('content-encoding')).toBe(compression.name);
  });

  test('is told an error with its exact code, where it looks for that', async () => {
    world.handlers.replies.set('peer.pull', () => { throw new ReplicaError('fenced', 'writes are fenced until quorum is back'); });

    for (const useBinaryFormat of [true, false]) {
      const error = await refusal(peer({ useBinaryFormat }).pull(GOOD));

      expect(error).toMatchObject({ code: Code.FailedPrecondition, rawMessage: 'writes are fenced until quorum is back' });
      expect(error.findDetails(ErrorDetailSchema)).toMatchObject([{ code: 'fenced', correlationId: error.metadata.get('x-correlation-id') }]);
    }
  });

  test('is told what it sent that cannot be', async () => {
    const error = await refusal(peer().pull({ dictionary: { logs: ['nobody'] }, limit: 10 }));

    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorDetailSchema)).toMatchObject([{ code: 'invalid', field: 'dictionary.logs[0]' }]);
  });

  test('is told that it sent too much', async () => {
    const error = await refusal(peer().fetchContents({ wanted: [{ key: 'x'.repeat(MAX_MESSAGE_BYTES), sha256: new Uint8Array(32) }] }));

    expect(error.code).toBe(Code.OutOfRange);
    expect(error.findDetails(ErrorDetailSchema)).toMatchObject([{ code: 'too-large' }]);
  });

  test('is told that it proves nothing', async () => {
    expect((await refusal(createClient(PeerService, transport(undefined)).pull(GOOD))).code).toBe(Code.Unauthenticated);
  });

  test('is told of an encoding that is not had', async () => {
    const error = await refusal(peer({ sendCompression: { ...compressionGzip, name: 'zstd' }, compressMinBytes: 0 }).pull(GOOD));

    expect(error).toMatchObject({ code: Code.Unimplemented, rawMessage: 'the content-encoding is not accepted; accepted are identity, gzip, br' });
  });

  test('gives its timeout, and the work ends with it', async () => {
    const given = Promise.withResolvers<unknown>();
    world.handlers.replies.set('peer.pull', (_caller, _request, signal) => new Promise((_resolve, reject) => {
      (signal as AbortSignal).addEventListener('abort', () => { given.resolve((signal as AbortSignal).reason); reject((signal as AbortSignal).reason as Error); });
    }));

    expect((await refusal(peer().pull(GOOD, { timeoutMs: 200 }))).code).toBe(Code.DeadlineExceeded);
    expect(await given.promise).toBeInstanceOf(Error);
  });

  test('gives up, and the work ends with that', async () => {
    const given = Promise.withResolvers<unknown>();
    const begun = Promise.withResolvers<undefined>();
    world.handlers.replies.set('peer.pull', (_caller, _request, signal) => new Promise((_resolve, reject) => {
      begun.resolve(undefined);
      (signal as AbortSignal).addEventListener('abort', () => { given.resolve('ended'); reject((signal as AbortSignal).reason as Error); });
    }));
    const stop = new AbortController();
    const call = refusal(peer().pull(GOOD, { signal: stop.signal }));
    await begun.promise;
    stop.abort();

    expect((await call).code).toBe(Code.Canceled);
    expect(await given.promise).toBe('ended');
  });
});

test.each([
  { code: 'invalid', correlationId: 'abc', field: 'since' },
  { code: 'quota', correlationId: 'abc', retryAfterMs: 1500n },
  { code: '', correlationId: '', retryAfterMs: 0n },
])('an error is written as Connect writes it: %o', (detail) => {
  const theirs = errorToJsonBytes(new ConnectError('ä "so"', Code.OutOfRange, undefined, [{ desc: ErrorDetailSchema, value: create(ErrorDetailSchema, detail) }]), undefined);

  expect(Buffer.from(writeCallError(new CallError('out_of_range', 'ä "so"', { detail }))).toString()).toBe(Buffer.from(theirs).toString());
});

test('an error without detail or message is written as Connect writes it', () => {
  expect(Buffer.from(writeCallError(new CallError('internal', ''))).toString()).toBe(Buffer.from(errorToJsonBytes(new ConnectError('', Code.Internal), undefined)).toString());
});

const withoutSignals = (args: readonly unknown[]): readonly unknown[] => args.filter((arg) => !(arg instanceof AbortSignal));
