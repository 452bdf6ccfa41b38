import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { handler as streamArnHandler } from './stream-arn.handler.ts';

/** Both ends the handler speaks to, at one address: DynamoDB, and where CloudFormation takes the answer. */
let server: Server;
let url: string;
let table: { readonly status: number; readonly body: object };
let answers: Readonly<Record<string, unknown>>[] = [];
let handler: typeof streamArnHandler;

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      if (request.method === 'PUT') answers.push(JSON.parse(Buffer.concat(parts).toString()) as Readonly<Record<string, unknown>>);
      response.writeHead(request.method === 'PUT' ? 200 : table.status, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(request.method === 'PUT' ? '' : JSON.stringify(table.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`;
  for (const [name, value] of Object.entries({ AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' })) vi.stubEnv(name, value);
  ({ handler } = await import('./stream-arn.handler.ts'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => { answers = []; });

const request = (RequestType: 'Create' | 'Update' | 'Delete', PhysicalResourceId?: string) =>
  ({ RequestType, ResponseURL: `${url}/answer`, StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Stream', ...(PhysicalResourceId !== undefined && { PhysicalResourceId }), ResourceProperties: { TableName: 'the-ledger' } });
const STREAM = 'arn:aws:dynamodb:eu-west-1:111122223333:table/the-ledger/stream/2030-01-01T00:00:00.000';

describe('the look-up of the ledger\'s stream', () => {
  test('tells CloudFormation the stream, as what the resource is', async () => {
    table = { status: 200, body: { Table: { LatestStreamArn: STREAM } } };

    await handler(request('Create'));

    expect(answers).toEqual([{ StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Stream', Status: 'SUCCESS', PhysicalResourceId: STREAM, Data: { StreamArn: STREAM } }]);
  });

  test.each([
    ['there is no ledger', { status: 400, body: { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' } }, 'there is no table the-ledger in eu-west-1: deploy the federation\'s ledger stack with this member in its configuration first'],
    ['the ledger has no stream', { status: 200, body: { Table: {} } }, 'the table the-ledger in eu-west-1 has no stream: deploy the federation\'s ledger stack'],
    ['it may not look', { status: 400, body: { __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not you' } }, 'dynamodb: AccessDeniedException (not you)'],
  ])('fails the deployment at once where %s, saying so', async (_what, answer, reason) => {
    table = answer;

    await handler(request('Update', STREAM));

    expect(answers).toEqual([expect.objectContaining({ Status: 'FAILED', PhysicalResourceId: STREAM, Reason: expect.stringContaining(reason) as string })]);
  });

  test('lets itself be deleted, whatever has become of the ledger', async () => {
    table = { status: 500, body: {} };

    await handler(request('Delete', STREAM));

    expect(answers).toEqual([expect.objectContaining({ Status: 'SUCCESS', PhysicalResourceId: STREAM })]);
  });
});
