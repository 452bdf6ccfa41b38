import { afterEach, describe, expect, test } from 'vitest';
import { asMember } from '../../model/ids.ts';
import type { FederationEvent } from '../../ports/events.ts';
import type { LogFields } from '../../ports/logger.ts';
import { silentLogger } from '../../ports/logger.ts';
import { resourceKey } from '../../model/resource-key.ts';
import { AwsClient } from '../aws/index.ts';
import type { Answer } from '../aws/fake-service.ts';
import { startService } from '../aws/fake-service.ts';
import { EventBridgeEvents, EventBus } from './index.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => { for (const end of ends.splice(0)) await end(); });

async function busOf(answer: Answer): Promise<EventBus> {
  const service = await startService(answer);
  const client = new AwsClient({ region: 'us-west-2', endpoint: service.url, credentials: () => ({ accessKeyId: 'a', secretAccessKey: 's', sessionToken: undefined }) });
  ends.push(() => { client.close(); }, () => service.stop());
  return new EventBus(client, 'the-bus');
}

interface Entry { readonly EventBusName: string; readonly Source: string; readonly DetailType: string; readonly Detail: string }
const entriesOf = (body: string): readonly Entry[] => (JSON.parse(body) as { Entries: readonly Entry[] }).Entries;
const EVENT = { source: 's', detailType: 't', detail: {} };

describe('a bus', () => {
  test('tells of each event whether it was taken', async () => {
    const bus = await busOf((_incoming, outgoing) => { outgoing.end(JSON.stringify({ Entries: [{ EventId: '1' }, { ErrorCode: 'ThrottlingException', ErrorMessage: 'too many' }] })); });

    expect(await bus.put([EVENT, EVENT])).toEqual([undefined, 'ThrottlingException: too many']);
  });

  test('is asked a second time, and no more', async () => {
    let calls = 0;
    const bus = await busOf((_incoming, outgoing) => {
      calls += 1;
      if (calls === 2) outgoing.end('{"Entries":[{}]}');
      else outgoing.writeHead(500).end('{}');
    });

    expect(await bus.put([EVENT])).toEqual([undefined]);
    await expect(bus.put([EVENT])).rejects.toThrow('HTTP 500');
    expect(calls).toBe(4);
  });
});

describe('the federation\'s events', () => {
  async function publish(answer: Answer, event: FederationEvent): Promise<{ readonly errors: LogFields[]; readonly entries: Entry[] }> {
    const errors: LogFields[] = [];
    const entries: Entry[] = [];
    const bus = await busOf((incoming, outgoing, body) => { entries.push(...entriesOf(body)); answer(incoming, outgoing, body); });
    const events = new EventBridgeEvents({ bus, federationId: 'prod', member: asMember('us-west'), clock: { nowMs: () => 7, sleep: () => Promise.resolve() }, logger: { ...silentLogger, error: (_event, fields = {}) => { errors.push(fields); } } });
    await events.publish(event);
    return { errors, entries };
  }
  const taken: Answer = (_incoming, outgoing) => { outgoing.end('{"Entries":[{}]}'); };

  test('say who tells and of whom', async () => {
    const { entries } = await publish(taken, { kind: 'MemberUnhealthy', member: asMember('eu-west'), reason: 'no answer' });

    expect(entries).toMatchObject([{ EventBusName: 'the-bus', Source: 'novaedge.federation', DetailType: 'MemberUnhealthy' }]);
    expect(JSON.parse(entries[0]?.Detail ?? '')).toEqual({ version: 1, federation: 'prod', member: 'us-west', about: 'eu-west', atMs: 7, reason: 'no answer' });
  });

  test('name resources as they are named everywhere', async () => {
    const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'api' });
    const { entries } = await publish(taken, { kind: 'ConflictDetected', key });

    expect(JSON.parse(entries[0]?.Detail ?? '')).toMatchObject({ key: 'novaedge.io/ProxyRoute/default/api' });
  });

  test('that concern nobody outside are not put', async () => {
    expect((await publish(taken, { kind: 'RowsChanged' })).entries).toEqual([]);
  });

  test.each<[string, Answer]>([
    ['refused', (_incoming, outgoing) => { outgoing.end('{"Entries":[{"ErrorCode":"InternalFailure"}]}'); }],
    ['not answered', ({ socket }) => { socket.destroy(); }],
  ])('that are %s fail nobody and are in the log', async (_what, answer) => {
    expect((await publish(answer, { kind: 'SpecChanged' })).errors).toMatchObject([{ kind: 'SpecChanged', reason: expect.any(String) as string }]);
  });
});
