import { gunzipSync, gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, test } from 'vitest';
import { CompareDigestsRequestSchema, CompareDigestsResponseSchema } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import { createAuthority, issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { readOneAuthority } from '../../shared/rpc/authorities.ts';
import type { CallServer } from '../../shared/rpc/call-server.ts';
import { createCallServer } from '../../shared/rpc/call-server.ts';
import { certificateOfApiGateway } from '../../shared/rpc/certificate-sources.ts';
import type { PeerHandlers } from '../../shared/rpc/peer-service.ts';
import { offerToPeers } from '../../shared/rpc/peer-service.ts';
import { COMPRESS_MIN_BYTES } from '../../shared/wire/compression.ts';
import type { PayloadV2, PayloadV2Answer } from './payload-v2.ts';
import { answerOf, callOf } from './payload-v2.ts';

const EU_WEST = asMember('eu-west');
/** Repetitions that make an answer long enough to be compressed. */
const LONG = COMPRESS_MIN_BYTES / 4;
const PATH = '/novaedge.federation.v1.PeerService/CompareDigests';
let server: CallServer;
let certificatePem: string;

beforeAll(async () => {
  const authority = await createAuthority('prod', { nowMs: Date.now() });
  ({ certificatePem } = await issueMemberCertificate(authority, { federationId: 'prod', member: EU_WEST, hosts: [] }, { nowMs: Date.now() }));
  const pinned = readOneAuthority(authority.certificatePem);
  const peer = { compareDigests: (caller: string) => Promise.resolve({ kind: 'different', seen: new Map(), vector: new Map(), top: Buffer.from(caller.repeat(LONG)) }) } as unknown as PeerHandlers;
  server = createCallServer({
    offers: [offerToPeers(peer)], logger: silentLogger, clock: { nowMs: () => Date.now(), sleep: () => new Promise(() => undefined) }, random: { bytes: (length) => new Uint8Array(length) },
    identity: { federationId: 'prod', localMember: asMember('us-west'), authorities: () => pinned, listedMembers: () => Promise.resolve(new Set([EU_WEST])), isDenied: () => Promise.resolve(false) },
    clientCertificate: certificateOfApiGateway,
  });
});

/** An event as an HTTP API with a mutual TLS domain makes it. */
const eventOf = (body: Uint8Array | string, headers: Readonly<Record<string, string>>, clientCertPem: string | undefined = certificatePem): PayloadV2 => ({
  rawPath: PATH, headers, isBase64Encoded: typeof body !== 'string', body: typeof body === 'string' ? body : Buffer.from(body).toString('base64'),
  requestContext: { http: { method: 'POST' }, ...(clientCertPem !== '' && { authentication: { clientCert: { clientCertPem } } }) },
});
const call = async (event: PayloadV2): Promise<PayloadV2Answer> => answerOf(await server.serve(callOf(event, new AbortController().signal), { event }));
const PROTO = { 'content-type': 'application/proto' };

describe('on Lambda', () => {
  const message = toBinary(CompareDigestsRequestSchema, create(CompareDigestsRequestSchema, { step: { case: 'summary', value: 'abc' } }));
  const topOf = (bytes: Uint8Array): string => {
    const { result } = fromBinary(CompareDigestsResponseSchema, bytes);
    return result.case === 'different' ? Buffer.from(result.value.top).toString() : String(result.case);
  };

  test('bytes come in and go out in base64, under the certificate that the gateway took', async () => {
    const { statusCode, headers, body, isBase64Encoded } = await call(eventOf(message, { ...PROTO, 'x-correlation-id': 'from-me' }));

    expect({ statusCode, headers, isBase64Encoded }).toEqual({ statusCode: 200, headers: { ...PROTO, 'x-correlation-id': 'from-me' }, isBase64Encoded: true });
    expect(topOf(Buffer.from(body, 'base64'))).toBe('eu-west'.repeat(LONG));
  });

  test('so do compressed ones', async () => {
    const { statusCode, headers, body } = await call(eventOf(gzipSync(message), { ...PROTO, 'content-encoding': 'gzip', 'accept-encoding': 'gzip' }));

    expect({ statusCode, encoding: headers['content-encoding'] }).toEqual({ statusCode: 200, encoding: 'gzip' });
    expect(topOf(gunzipSync(Buffer.from(body, 'base64')))).toBe('eu-west'.repeat(LONG));
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'application/grpc', ''])('%j is no message: what is accepted is said, as JSON that stays text', async (type) => {
    const { statusCode, headers, body, isBase64Encoded } = await call(eventOf('{"summary":"abc"}', { 'content-type': type }));

    expect({ statusCode, type: headers['content-type'], isBase64Encoded }).toEqual({ statusCode: 415, type: 'application/json', isBase64Encoded: false });
    expect(JSON.parse(body)).toMatchObject({ code: 'invalid_argument', message: 'the content-type is not accepted; accepted is application/proto' });
  });

  test.each([['no certificate', ''], ['a certificate that is none', 'not PEM']])('%s proves nothing', async (_what, pem) => {
    const { statusCode, body } = await call(eventOf(message, PROTO, pem));

    expect(statusCode).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ code: 'unauthenticated' });
  });

  test('a header is nobody\'s certificate', async () => {
    const forged = Object.fromEntries(['x-client-cert', 'x-amzn-mtls-clientcert', 'x-forwarded-client-cert'].map((name) => [name, encodeURIComponent(certificatePem)]));

    expect((await call(eventOf(message, { ...PROTO, ...forged }, ''))).statusCode).toBe(401);
  });

  test('another path is no method', async () => {
    expect(await call({ ...eventOf(message, PROTO), rawPath: '/novaedge.federation.v1.PeerService/Nothing' })).toMatchObject({ statusCode: 404, body: expect.stringContaining('"unimplemented"') as string });
  });
});
