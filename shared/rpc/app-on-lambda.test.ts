/* eslint-disable @typescript-eslint/no-deprecated -- hono 4 has the adapter with it; @hono/aws-lambda takes its place with hono 5 */
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { handle } from 'hono/aws-lambda';
import type { LambdaContext, LambdaEvent } from 'hono/aws-lambda';
import { beforeAll, describe, expect, test } from 'vitest';
import { CompareDigestsRequestSchema, CompareDigestsResponseSchema } from '../../proto/gen/novaedge/federation/v1/peer_service_pb.ts';
import { createAuthority, issueMemberCertificate } from '../adapters/certificates/index.ts';
import { asMember } from '../model/ids.ts';
import { silentLogger } from '../ports/logger.ts';
import { createApp } from './app.ts';
import { readOneAuthority } from './authorities.ts';
import { certificateOfApiGateway } from './certificate-sources.ts';
import type { PeerHandlers } from './peer-service.ts';

const EU_WEST = asMember('eu-west');
const PATH = '/novaedge.federation.v1.PeerService/CompareDigests';
let lambda: ReturnType<typeof handle>;
let certificatePem: string;

beforeAll(async () => {
  const authority = await createAuthority('prod', { nowMs: Date.now() });
  ({ certificatePem } = await issueMemberCertificate(authority, { federationId: 'prod', member: EU_WEST, hosts: [] }, { nowMs: Date.now() }));
  const pinned = readOneAuthority(authority.certificatePem);
  const peer = { compareDigests: (caller: string) => Promise.resolve({ kind: 'different', seen: new Map(), vector: new Map(), top: Buffer.from(caller) }) } as unknown as PeerHandlers;
  lambda = handle(createApp({
    handlers: { peer }, logger: silentLogger, clock: { nowMs: () => Date.now(), sleep: () => new Promise(() => undefined) }, random: { bytes: (length) => new Uint8Array(length) },
    identity: { federationId: 'prod', localMember: asMember('us-west'), authorities: () => pinned, listedMembers: () => Promise.resolve(new Set([EU_WEST])), isDenied: () => Promise.resolve(false) },
    clientCertificate: certificateOfApiGateway,
  }));
});

/** An event as an HTTP API with a mutual TLS domain makes it. */
const event = (body: Uint8Array | string, type: string, clientCertPem: string | undefined): LambdaEvent => ({
  version: '2.0', routeKey: '$default', rawPath: PATH, rawQueryString: '', headers: { 'content-type': type }, isBase64Encoded: typeof body !== 'string', body: typeof body === 'string' ? body : Buffer.from(body).toString('base64'),
  requestContext: { domainName: 'x', http: { method: 'POST', path: PATH, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' }, ...(clientCertPem !== undefined && { authentication: { clientCert: { clientCertPem } } }) },
}) as unknown as LambdaEvent;
const call = async (request: LambdaEvent): Promise<{ statusCode: number; body: string; isBase64Encoded: boolean }> =>
  await lambda(request, {} as LambdaContext);

describe('on Lambda', () => {
  const message = toBinary(CompareDigestsRequestSchema, create(CompareDigestsRequestSchema, { step: { case: 'summary', value: 'abc' } }));

  test('bytes come in and go out in base64, under the certificate that the gateway took', async () => {
    const { statusCode, body, isBase64Encoded } = await call(event(message, 'application/proto', certificatePem));

    expect({ statusCode, isBase64Encoded }).toEqual({ statusCode: 200, isBase64Encoded: true });
    const { result } = fromBinary(CompareDigestsResponseSchema, Buffer.from(body, 'base64'));
    expect(result.case === 'different' ? Buffer.from(result.value.top).toString() : result.case).toBe('eu-west');
  });

  test('JSON stays text', async () => {
    const { statusCode, body, isBase64Encoded } = await call(event('{"summary":"abc"}', 'application/json', certificatePem));

    expect({ statusCode, isBase64Encoded }).toEqual({ statusCode: 200, isBase64Encoded: false });
    expect(JSON.parse(body)).toMatchObject({ different: { top: Buffer.from('eu-west').toString('base64') } });
  });

  test.each([['no certificate', undefined], ['a certificate that is none', 'not PEM']])('%s proves nothing', async (_what, pem) => {
    const { statusCode, body } = await call(event(message, 'application/proto', pem));

    expect(statusCode).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ code: 'unauthenticated' });
  });

  test('a header is nobody\'s certificate', async () => {
    const forged = event(message, 'application/proto', undefined);
    Object.assign(forged.headers as object, Object.fromEntries(['x-client-cert', 'x-amzn-mtls-clientcert', 'x-forwarded-client-cert'].map((name) => [name, encodeURIComponent(certificatePem)])));

    expect((await call(forged)).statusCode).toBe(401);
  });
});
