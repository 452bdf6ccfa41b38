import { describe, expect, test } from 'vitest';
import { deny, isDenied, listDenied, undeny } from './deny-list.ts';
import { SETTINGS_LIFE_MS } from './settings.ts';
import { Federation } from './testing.ts';
import type { TestMember } from './testing.ts';

const fingerprint256 = 'AB:'.repeat(31) + 'CD';
const certificate = { serialNumber: '0A1B', fingerprint256, name: 'peer/eu' };
async function alone(): Promise<{ federation: Federation; us: TestMember }> {
  const federation = await Federation.start({ members: ['us'] });
  return { federation, us: federation.member('us') };
}

describe('the deny list', () => {
  test.each([['a name', 'peer/eu'], ['a serial number', '0a1b'], ['a fingerprint', fingerprint256]])('denies by %s until that is taken off it', async (_what, entry) => {
    const { us } = await alone();

    expect(await isDenied(us.replica, certificate)).toBe(false);
    await deny(us.replica, entry, 'stolen');
    expect(await isDenied(us.replica, certificate)).toBe(true);
    expect(await isDenied(us.replica, { serialNumber: '1', fingerprint256: '00', name: 'peer/ap' })).toBe(false);
    expect([await undeny(us.replica, entry), await undeny(us.replica, entry)]).toEqual(['removed', 'not-found']);
    expect(await isDenied(us.replica, certificate)).toBe(false);
  });

  test('is in force at another handler of the region within a second, and after a restart', async () => {
    const { federation, us } = await alone();
    const handler = { ...us.replica, store: new Proxy(us.replica.store, {}) };
    expect(await isDenied(handler, certificate)).toBe(false);

    await deny(us.replica, 'peer/eu', 'stolen');
    federation.nowMs += SETTINGS_LIFE_MS;

    expect(await isDenied(handler, certificate)).toBe(true);
    us.restart();
    expect(await isDenied(us.replica, certificate)).toBe(true);
  });

  test('is read once a second, however many ask', async () => {
    const { federation, us } = await alone();
    let reads = 0;
    us.onStore = (method, stage, name) => { if (method === 'document' && stage === 'before' && name === 'denied') reads += 1; };

    for (let call = 0; call < 10; call += 1) await isDenied(us.replica, certificate);
    federation.nowMs += SETTINGS_LIFE_MS;
    await isDenied(us.replica, certificate);

    expect(reads).toBe(2);
  });

  test('tells who is on it, since when and why; said again, an entry keeps its time', async () => {
    const { federation, us } = await alone();
    const sinceMs = federation.nowMs;
    await us.operator.deny('peer/eu', 'stolen');
    federation.nowMs += 5000;

    expect(await us.operator.deny('peer/eu', 'stolen laptop')).toEqual({ entry: 'peer/eu', reason: 'stolen laptop', sinceMs });
    expect(await us.operator.denied()).toEqual([{ entry: 'peer/eu', reason: 'stolen laptop', sinceMs }]);
  });

  test('loses nothing where two change it at once', async () => {
    const { us } = await alone();

    await Promise.all(['a', 'b', 'c'].map((name) => deny(us.replica, `peer/${name}`, 'x')));

    expect((await listDenied(us.replica)).map(({ entry }) => entry).sort()).toEqual(['peer/a', 'peer/b', 'peer/c']);
  });

  test('has an end', async () => {
    const { us } = await alone();
    await us.store.putDocument('denied', Array.from({ length: 300 }, (_, at) => ({ entry: `peer/m${at.toString()}`, reason: '', sinceMs: 0 })), undefined);

    await expect(deny(us.replica, 'peer/eu', 'x')).rejects.toMatchObject({ code: 'quota' });
    await expect(deny(us.replica, 'peer/m7', 'again')).resolves.toMatchObject({ reason: 'again' });
  });

  test('that is damaged lets nobody in', async () => {
    const { us } = await alone();
    await us.store.putDocument('denied', 'nonsense', undefined);

    await expect(isDenied(us.replica, certificate)).rejects.toThrow('damaged');
  });

  test('refuses what names no certificate, saying what does', async () => {
    const { us } = await alone();

    await expect(deny(us.replica, 'eu', 'x')).rejects.toMatchObject({ code: 'invalid', message: expect.stringContaining('peer/us-west') });
  });
});
