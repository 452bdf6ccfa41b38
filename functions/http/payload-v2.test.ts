import { describe, expect, test } from 'vitest';
import { answerOf, requestOf } from './payload-v2.ts';

const never = new AbortController().signal;
const event = (change: object) => ({ rawPath: '/a.B/C', headers: { 'content-type': 'application/proto' }, requestContext: { domainName: 'api.example.com', http: { method: 'POST' } }, ...change });

describe('a request of the gateway', () => {
  test('has its bytes from base64', async () => {
    const request = requestOf(event({ body: Buffer.from([0, 255, 128]).toString('base64'), isBase64Encoded: true }), never);

    expect(request.url).toBe('https://api.example.com/a.B/C');
    expect([...new Uint8Array(await request.arrayBuffer())]).toEqual([0, 255, 128]);
  });

  test('has text as it is, its query and its headers', async () => {
    const request = requestOf(event({ body: '{"ä":1}', rawQueryString: 'x=1&y=%20', headers: { 'x-correlation-id': 'abc' } }), never);

    expect(new URL(request.url).search).toBe('?x=1&y=%20');
    expect(request.headers.get('x-correlation-id')).toBe('abc');
    expect(await request.json()).toEqual({ ä: 1 });
  });

  test('ends with its signal', () => {
    const stop = new AbortController();
    const request = requestOf(event({}), stop.signal);
    stop.abort();

    expect(request.signal.aborted).toBe(true);
  });

  test('without a body is one, and so is a GET with one', () => {
    expect(requestOf(event({}), never).body).toBeNull();
    expect(requestOf({ rawPath: '/healthz', body: 'x', requestContext: { http: { method: 'GET' } } }, never).method).toBe('GET');
  });
});

describe('an answer to the gateway', () => {
  test.each([
    ['application/json', undefined, false],
    ['text/plain; charset=utf-8', undefined, false],
    ['application/json', 'gzip', true],
    ['application/proto', undefined, true],
    [undefined, undefined, true],
  ])('with content type %s and encoding %s: base64 %s', async (type, encoding, isBase64Encoded) => {
    const headers = new Headers({ ...(type !== undefined && { 'content-type': type }), ...(encoding !== undefined && { 'content-encoding': encoding }) });
    const answer = await answerOf(new Response(Buffer.from('ok'), { status: 201, headers }));

    expect(answer).toMatchObject({ statusCode: 201, isBase64Encoded });
    expect(Buffer.from(answer.body, isBase64Encoded ? 'base64' : 'utf8').toString()).toBe('ok');
  });
});
