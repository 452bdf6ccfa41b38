import { afterEach, expect, test } from 'vitest';
import { AwsClient } from '../aws/index.ts';
import type { Answer } from '../aws/fake-service.ts';
import { startService } from '../aws/fake-service.ts';
import { Queue } from './queue.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

async function queueOf(answer: Answer): Promise<Queue> {
  const service = await startService(answer);
  const client = new AwsClient({ region: 'us-west-2', endpoint: service.url, credentials: () => ({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: undefined }) });
  ends.push(() => { client.close(); }, () => service.stop());
  return new Queue(client, 'https://sqs/q');
}

interface Entry { readonly Id: string; readonly MessageBody: string; readonly DelaySeconds: number }
const entriesOf = (body: string): readonly Entry[] => (JSON.parse(body) as { Entries: readonly Entry[] }).Entries;
const messages = (count: number) => Array.from({ length: count }, (_, at) => ({ body: at.toString(), delaySeconds: at }));

test('any number of messages is sent, ten at a time, each with its delay', async () => {
  const batches: (readonly Entry[])[] = [];
  const queue = await queueOf((_incoming, outgoing, body) => { batches.push(entriesOf(body)); outgoing.end('{}'); });
  await queue.send(messages(23));

  expect(batches.map(({ length }) => length)).toEqual([10, 10, 3]);
  expect(batches.flat().map(({ MessageBody, DelaySeconds }) => [MessageBody, DelaySeconds])).toEqual(messages(23).map(({ body, delaySeconds }) => [body, delaySeconds]));
});

test('those that were refused are sent again, and only those', async () => {
  const sent: string[][] = [];
  const queue = await queueOf((_incoming, outgoing, body) => {
    sent.push(entriesOf(body).map(({ MessageBody }) => MessageBody));
    outgoing.end(JSON.stringify(sent.length === 1 ? { Failed: [{ Id: '1', Code: 'InternalError' }] } : {}));
  });
  await queue.send(messages(3));

  expect(sent).toEqual([['0', '1', '2'], ['1']]);
});

test('a queue that does not take them says how many and why', async () => {
  const queue = await queueOf((_incoming, outgoing, body) => { outgoing.end(JSON.stringify({ Failed: entriesOf(body).slice(0, 2).map(({ Id }) => ({ Id, Code: 'Throttled' })) })); });

  await expect(queue.send(messages(3))).rejects.toThrow('did not take 2 of 3 messages (Throttled)');
});

test('what is held is held once, up to as many as asked for, with what its sender said beside it', async () => {
  const asked: Record<string, unknown>[] = [];
  const queue = await queueOf((_incoming, outgoing, body) => {
    asked.push(JSON.parse(body) as Record<string, unknown>);
    const first = asked.length === 1;
    const ids = first ? ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'] : ['j', 'k'];
    outgoing.end(JSON.stringify({ Messages: ids.map((id) => ({ MessageId: id, Body: id, ReceiptHandle: `${id}${asked.length.toString()}`, Attributes: { SentTimestamp: '7' }, MessageAttributes: { WHY: { StringValue: 'because' } } })) }));
  });

  const held = await queue.hold(11, 30);

  expect(held.map(({ id }) => id).join('')).toBe('abcdefghijk');
  // The later receipt is the one that holds.
  expect(held.at(-2)).toEqual({ id: 'j', body: 'j', sentAtMs: 7, attributes: { WHY: 'because' }, receipt: 'j2' });
  expect(asked.map(({ MaxNumberOfMessages, VisibilityTimeout }) => [MaxNumberOfMessages, VisibilityTimeout])).toEqual([[10, 30], [1, 30]]);
});
