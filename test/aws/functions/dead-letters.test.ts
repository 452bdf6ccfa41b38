import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { connectRegion } from '../../../cli/connection/connect-region.ts';
import type { Ran } from '../../../cli/testing/test-host.ts';
import { testHost } from '../../../cli/testing/test-host.ts';
import { resourceKey } from '../../../shared/model/resource-key.ts';
import { MAX_LETTERS_A_LOOK } from '../../../shared/ports/dead-letters.ts';
import { FunctionsFederation } from './federation.ts';
import type { FunctionsMember } from './federation.ts';

/** Some hundreds of letters, sent and replayed one by one, on a busy machine. */
const MANY_TIMEOUT_MS = 240_000;
const never = new AbortController().signal;
const KEY = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'given-up' });
let federation: FunctionsFederation;
let us: FunctionsMember;
let eu: FunctionsMember;
let folder: string;
// The first time ever, the emulator is installed.
beforeAll(async () => {
  federation = await FunctionsFederation.start(['us-west', 'eu-west']);
  us = federation.member('us-west');
  eu = federation.member('eu-west');
  folder = mkdtempSync(join(tmpdir(), 'novaedge-dead-letters-'));
}, 200_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await federation.stop();
});

/** novactl, as an admin of us-west. */
function novactl(...words: readonly string[]): Promise<Ran> {
  const { cert, key, ca } = us.operatorTls();
  const context = { name: us.name, server: us.front.endpoint, member: us.name, ca: 'ca.crt', cert: 'admin.crt', key: 'admin.key' };
  const files = { 'ca.crt': ca, 'admin.crt': cert, 'admin.key': key, 'novactl.yaml': stringify({ 'current-context': us.name, 'contexts': [context] }) };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), String(text), { mode: 0o600 });
  return testHost({ workingFolder: folder, environment: { NOVACTL_CONFIG: join(folder, 'novactl.yaml') }, nowMs: () => Date.now(), connect: async (options) => connectRegion(options) }).run('federation', 'dead-letters', ...words);
}

const queueOf = (source: 'push' | 'tick' | 'doorbell'): string => us.region.environment.deadLetterQueues.get(source) ?? '';
const givenUp = (requestPayload: unknown) => JSON.stringify({ timestamp: new Date().toISOString(), requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 }, requestPayload, responsePayload: { errorType: 'StoreBusyError', errorMessage: 'throttled' } });
const list = () => us.operator.deadLetters(undefined, never);

describe('the dead letters of a region', () => {
  test('are none at first', async () => {
    expect(await list()).toEqual({ letters: [], total: 0 });
    expect(await us.operator.replayDeadLetters({ kind: 'all', source: undefined }, 'r0', never)).toEqual({ replayed: 0, failed: 0, failures: [] });
  });

  test('are listed, as often as one looks, and replayed by id: the commit that no push brought arrives', async () => {
    await federation.aws.events(us.watched);
    await us.cluster.write(KEY, { hosts: ['late'] });
    const [event] = (await federation.aws.events(us.watched)).filter((told) => told['detail-type'] === 'Committed');
    await federation.aws.send(queueOf('push'), givenUp(event));
    await federation.aws.send(queueOf('tick'), JSON.stringify({ job: 'health', atMs: Date.now() }));

    const { letters, total } = await list();
    expect(total).toBe(2);
    expect(letters).toMatchObject([{ source: 'push', attempts: 3, error: 'StoreBusyError: throttled', summary: expect.stringMatching(/^commit of 1 change up to \d+$/) }, { source: 'tick', summary: expect.stringContaining('health, due ') }]);
    expect((await list()).letters).toEqual(letters);
    expect(await eu.specOf(KEY)).toBeUndefined();

    const id = letters[0]?.id ?? '';
    expect(await us.operator.replayDeadLetters({ kind: 'ids', ids: [id, 'push/nobody'] }, 'r1', never)).toMatchObject({ replayed: 1, failed: 1, failures: [{ id: 'push/nobody', reason: expect.stringContaining('it is not there') }] });
    const [again, ...more] = await federation.aws.events(us.watched);
    expect(more).toEqual([]);
    expect(again).toMatchObject({ 'source': event?.source, 'detail-type': 'Committed', 'detail': event?.detail });
    await us.push(again?.detail ?? {});
    expect(await eu.specOf(KEY)).toEqual({ hosts: ['late'] });

    expect(us.log).toContainEqual(expect.objectContaining({ event: 'audit', requestId: 'r1', ids: `${id} push/nobody` }));
    expect((await list()).letters.map(({ source }) => source)).toEqual(['tick']);
  });

  test('are replayed all of a queue, but for those nobody can make sense of, which stay', async () => {
    await federation.aws.send(queueOf('doorbell'), JSON.stringify({ DDBStreamBatchInfo: { batchSize: 1, startSequenceNumber: '5', shardId: 'shard-1' } }));
    await federation.aws.send(queueOf('push'), 'nonsense', { ERROR_CODE: 'NO_PERMISSIONS' });
    await federation.aws.events(us.watched);

    expect(await us.operator.replayDeadLetters({ kind: 'all', source: 'doorbell' }, 'r2', never)).toMatchObject({ replayed: 1, failed: 0 });
    expect((await federation.aws.events(us.watched)).map(({ detail }) => detail['job']).sort()).toEqual(['garbage-collect', 'sync']);
    expect(await us.operator.replayDeadLetters({ kind: 'all', source: undefined }, 'r3', never)).toMatchObject({ replayed: 1, failed: 1, failures: [{ reason: expect.stringContaining('report it') }] });
    expect((await federation.aws.events(us.watched)).map(({ detail }) => detail['job'])).toEqual(['health']);
    expect((await list()).letters).toMatchObject([{ source: 'push', error: 'NO_PERMISSIONS', summary: 'not a message of ours' }]);
  });

  test('are thrown away by id, also those nobody can make sense of, and nothing else is', async () => {
    await federation.aws.send(queueOf('tick'), JSON.stringify({ job: 'sync', atMs: Date.now() }));
    const [unread, tick] = (await list()).letters.map(({ id }) => id);
    await federation.aws.events(us.watched);

    us.proxy.inject({ fault: 'server-error', action: 'DeleteMessage' });
    expect(await us.operator.discardDeadLetters([unread ?? ''], 'd1', never)).toMatchObject({ discarded: 0, failures: [{ id: unread, reason: expect.stringContaining('did not let go') }] });
    us.proxy.inject();
    expect((await list()).total).toBe(2);

    expect(await us.operator.discardDeadLetters([unread ?? '', 'tick/nobody'], 'd2', never)).toMatchObject({ discarded: 1, failures: [{ id: 'tick/nobody', reason: expect.stringContaining('it is not there') }] });
    expect((await list()).letters.map(({ id }) => id)).toEqual([tick]);
    expect(us.log).toContainEqual(expect.objectContaining({ event: 'audit', requestId: 'd2', ids: `${unread ?? ''} tick/nobody` }));
    expect(await us.operator.discardDeadLetters([tick ?? ''], 'd3', never)).toEqual({ discarded: 1, failures: [] });
    expect(await list()).toEqual({ letters: [], total: 0 });
    expect(await federation.aws.events(us.watched)).toEqual([]);
    await expect(us.operator.discardDeadLetters(['sync/1'], 'd4', never)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('ids: "sync"') });
  });

  test('stay where they are while the bus takes nothing', async () => {
    await federation.aws.send(queueOf('tick'), JSON.stringify({ job: 'sync', atMs: Date.now() }));
    us.proxy.inject({ fault: 'throttled', action: 'PutEvents' });

    expect(await us.operator.replayDeadLetters({ kind: 'all', source: 'tick' }, 'r4', never)).toMatchObject({ replayed: 0, failed: 1, failures: [{ reason: expect.stringContaining('the bus did not take it') }] });
    us.proxy.inject();
    expect(await us.operator.replayDeadLetters({ kind: 'all', source: 'tick' }, 'r5', never)).toMatchObject({ replayed: 1, failed: 0 });
  });

  test('are replayed all of a queue that no one look sees to its end, each once, and what nobody can make sense of is told once', async () => {
    await federation.aws.events(us.watched);
    const letters = Array.from({ length: 2 * MAX_LETTERS_A_LOOK + 1 }, () => JSON.stringify({ job: 'sync', atMs: Date.now() }));
    for (const letter of ['nonsense', ...letters]) await federation.aws.send(queueOf('tick'), letter);

    const { code, out, err } = await novactl('replay', '--all', '--source', 'tick');

    expect({ code, out }).toEqual({ code: 4, out: `${letters.length.toString()} dead letters replayed\n` });
    expect(err).toMatch(new RegExp(`^\\d+ of about ${(letters.length + 1).toString()} dead letters replayed\n`));
    expect(err.match(/report it/g)).toHaveLength(1);
    expect((await federation.aws.events(us.watched)).filter(({ detail }) => detail['job'] === 'sync')).toHaveLength(letters.length);
    const { letters: left } = await list();
    expect(left).toMatchObject([{ source: 'tick', summary: 'not a message of ours' }]);
    expect(await novactl('discard', left[0]?.id ?? '', '--yes')).toMatchObject({ code: 0 });
  }, MANY_TIMEOUT_MS);

  test('are shown by novactl before it throws them away, of all queues or of one', async () => {
    for (const source of ['push', 'tick'] as const) await federation.aws.send(queueOf(source), `nonsense for ${source}`);
    const [push, tick] = (await list()).letters.map(({ id }) => id);

    const plan = await novactl('discard', '--all');
    expect(plan).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^ID .*\npush\/.*not a message of ours.*\ntick\/[^]*\nNothing was discarded\. With --yes they are thrown away/) });
    expect(await novactl('discard', tick ?? '')).toMatchObject({ code: 0, out: expect.stringContaining('With --yes it is thrown away') });
    expect((await list()).total).toBe(2);

    expect(await novactl('discard', '--all', '--source', 'tick', '--yes')).toEqual({ code: 0, out: '1 dead letter discarded\n', err: '' });
    expect((await list()).letters.map(({ id }) => id)).toEqual([push]);
    expect(await novactl('discard', push ?? '', tick ?? '', '--yes')).toMatchObject({ code: 4, out: '1 dead letter discarded\n', err: expect.stringContaining(`${tick ?? ''}: a list does not show it`) });
    expect(await list()).toEqual({ letters: [], total: 0 });
  });

  test('beyond a hundred are thrown away by novactl in several calls', async () => {
    for (let sent = 0; sent < 120; sent += 1) await federation.aws.send(queueOf('tick'), 'nonsense');

    expect(await novactl('discard', '--all', '--yes')).toEqual({ code: 0, out: '120 dead letters discarded\n', err: '' });
    expect(await list()).toEqual({ letters: [], total: 0 });
  });

  test('are read in part where there are many, and the rest is counted', async () => {
    for (let sent = 0; sent < 320; sent += 1) await federation.aws.send(queueOf('tick'), JSON.stringify({ job: 'sync', atMs: Date.now() }));

    const { letters, total } = await list();
    expect([letters.length, total]).toEqual([300, 320]);
    expect((await novactl('list')).out).toMatch(/\nAbout 20 more: beyond what one look reads, or held by another look for half a minute\.\n$/);
    expect(await us.operator.replayDeadLetters({ kind: 'all', source: 'tick' }, 'r6', never)).toMatchObject({ replayed: 300, failed: 0 });
    expect((await list()).total).toBe(20);
  });

  test('of no such function, or a queue that cannot be read, are told as that', async () => {
    await expect(us.operator.deadLetters('sync', never)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('expected push, tick, doorbell') });
    await expect(us.operator.replayDeadLetters({ kind: 'ids', ids: ['sync/1'] }, 'r7', never)).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('ids: "sync"') });
    us.proxy.inject({ fault: 'server-error', action: 'ReceiveMessage' });
    await expect(us.operator.deadLetters('push', never)).rejects.toMatchObject({ code: 'unavailable', message: expect.stringContaining('the dead letters of push cannot be read') });
    us.proxy.inject();
  });
});
