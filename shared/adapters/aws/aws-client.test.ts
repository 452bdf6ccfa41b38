import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Answer } from './fake-service.ts';
import { startService } from './fake-service.ts';
import { AwsClient, AwsCredentialsError, AwsError, AwsUnansweredError, credentialsFrom } from './index.ts';
import type { AwsClientOptions } from './index.ts';

const SERVICE = { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0' } as const;

let stop: (() => Promise<void>) | undefined;
let client: AwsClient | undefined;
afterEach(async () => {
  vi.useRealTimers();
  client?.close();
  await stop?.();
});

async function clientOf(answer: Answer, options: Partial<AwsClientOptions> = {}): Promise<AwsClient> {
  const credentials = () => ({ accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: undefined });
  const service = await startService(answer);
  stop = () => service.stop();
  client = new AwsClient({ region: 'us-west-2', endpoint: service.url, credentials, ...options });
  return client;
}

const refuse = (type: string, message: string): Answer => (_incoming, outgoing) => { outgoing.writeHead(400).end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message })); };

describe('a call', () => {
  test('is signed and sent as JSON under its action', async () => {
    const seen: (string | string[] | undefined)[] = [];
    const made = await clientOf(({ headers }, outgoing, body) => {
      seen.push(headers['x-amz-target'], headers['content-type'], headers.authorization, body);
      outgoing.end('{"Item":{"p":{"S":"x"}}}');
    });

    expect(await made.call(SERVICE, 'GetItem', { TableName: 't' })).toEqual({ Item: { p: { S: 'x' } } });
    expect(seen).toEqual([
      'DynamoDB_20120810.GetItem', 'application/x-amz-json-1.0',
      expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/us-west-2\/dynamodb\/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-target, Signature=[0-9a-f]{64}$/), '{"TableName":"t"}',
    ]);
  });

  test('is signed with the credentials that the environment has by then', async () => {
    const tokens: (string | string[] | undefined)[] = [];
    const variables: Record<string, string> = { AWS_ACCESS_KEY_ID: 'one', AWS_SECRET_ACCESS_KEY: 's', AWS_SESSION_TOKEN: 'first' };
    const made = await clientOf(({ headers }, outgoing) => { tokens.push(headers['x-amz-security-token']); outgoing.end('{}'); }, { credentials: credentialsFrom(variables) });

    await made.call(SERVICE, 'GetItem', {});
    variables['AWS_SESSION_TOKEN'] = 'second';
    await made.call(SERVICE, 'GetItem', {});

    expect(tokens).toEqual(['first', 'second']);
  });

  test('without credentials names the variable', () => {
    expect(() => credentialsFrom({ AWS_ACCESS_KEY_ID: 'one' })()).toThrow('AWS_SECRET_ACCESS_KEY is not set: expected ');
  });

  test.each(['ExpiredTokenException', 'UnrecognizedClientException'])('refused with %s says that the credentials are at fault', async (type) => {
    const made = await clientOf(refuse(type, 'The security token included in the request is expired'));

    const failure = await made.call(SERVICE, 'GetItem', {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsCredentialsError);
    expect(String(failure)).toContain(`${type} (The security token included in the request is expired)`);
  });

  test('that is refused tells the type, the status and what the service said', async () => {
    const made = await clientOf(refuse('ValidationException', 'no such table'));

    const failure = await made.call(SERVICE, 'GetItem', {}).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsError);
    expect(failure).toMatchObject({ type: 'ValidationException', status: 400, message: 'dynamodb: ValidationException (no such table)' });
  });

  test.each<[string, Answer]>([
    ['a connection that breaks', ({ socket }) => { socket.destroy(); }],
    ['half an answer', (_incoming, outgoing) => { outgoing.writeHead(200, { 'content-length': 100 }); outgoing.write('{"It'); setTimeout(() => outgoing.destroy(), 5); }],
    ['something that is not JSON', (_incoming, outgoing) => { outgoing.end('<html>'); }],
    ['silence', () => undefined],
  ])('with %s has no answer, and nobody knows what became of it', async (_what, answer) => {
    const made = await clientOf(answer, { requestTimeoutMs: 100 });

    await expect(made.call(SERVICE, 'PutItem', {})).rejects.toThrow(AwsUnansweredError);
  });

  test('ends with its signal', async () => {
    const made = await clientOf(() => undefined);
    const over = new AbortController();
    const call = made.call(SERVICE, 'GetItem', {}, over.signal);
    setTimeout(() => { over.abort(new Error('out of time')); }, 10);

    await expect(call).rejects.toThrow('out of time');
  });
});

describe('connections', () => {
  const portOf: Answer = ({ socket }, outgoing) => { outgoing.end(JSON.stringify({ port: socket.remotePort })); };

  test('are kept from call to call', async () => {
    const made = await clientOf(portOf);

    expect(await made.call(SERVICE, 'GetItem', {})).toEqual(await made.call(SERVICE, 'GetItem', {}));
  });

  test('that rested for long are not used again: a frozen function does not know whether they still stand', async () => {
    const made = await clientOf(portOf);
    const first = await made.call(SERVICE, 'GetItem', {});
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 21_000 });

    expect(await made.call(SERVICE, 'GetItem', {})).not.toEqual(first);
  });
});
