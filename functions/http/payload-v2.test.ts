import { describe, expect, test } from 'vitest';
import type { HttpCall } from '../../shared/rpc/http-call.ts';
import { answerOf, callOf } from './payload-v2.ts';

const never = new AbortController().signal;
const event = (change: object) => ({ rawPath: '/a.B/C', headers: { 'content-type': 'application/proto' }, requestContext: { http: { method: 'POST' } }, ...change });
async function bytesOf({ body }: HttpCall): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('a request of the gateway', () => {
  test('has its bytes from base64', async () => {
    const call = callOf(event({ body: Buffer.from([0, 255, 128]).toString('base64'), isBase64Encoded: true }), never);

    expect(call).toMatchObject({ method: 'POST', path: '/a.B/C' });
    expect([...await bytesOf(call)]).toEqual([0, 255, 128]);
  });

  test('has text as it is, and its headers', async () => {
    const call = callOf(event({ body: '{"ä":1}', headers: { 'x-correlation-id': 'abc' } }), never);

    expect([call.header('x-correlation-id'), call.header('content-type')]).toEqual(['abc', undefined]);
    expect((await bytesOf(call)).toString()).toBe('{"ä":1}');
  });

  test('ends with its signal', () => {
    const stop = new AbortController();
    const { signal } = callOf(event({}), stop.signal);
    stop.abort();

    expect(signal.aborted).toBe(true);
  });

  test('may have no body and no headers', async () => {
    const call = callOf({ rawPath: '/healthz', requestContext: { http: { method: 'GET' } } }, never);

    expect(await bytesOf(call)).toHaveLength(0);
    expect([call.method, call.header('content-type')]).toEqual(['GET', undefined]);
  });
});

describe('an answer to the gateway', () => {
  test.each([
    ['application/json', undefined, false],
    ['text/plain; charset=utf-8', undefined, false],
    ['application/json', 'gzip', true],
    ['application/proto', undefined, true],
    [undefined, undefined, true],
  ])('with content type %s and encoding %s: base64 %s', (type, encoding, isBase64Encoded) => {
    const headers = { ...(type !== undefined && { 'content-type': type }), ...(encoding !== undefined && { 'content-encoding': encoding }) };
    const answer = answerOf({ status: 201, headers, body: Buffer.from('ok') });

    expect(answer).toMatchObject({ statusCode: 201, headers, isBase64Encoded });
    expect(Buffer.from(answer.body, isBase64Encoded ? 'base64' : 'utf8').toString()).toBe('ok');
  });
});
