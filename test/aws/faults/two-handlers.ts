import { describe, expect, test } from 'vitest';
import { leaveOnly } from '../deployment/controls.ts';
import { invoke } from '../deployment/deployed-functions.ts';
import type { Faulted } from './faulted.ts';
import { arrives, expectLevel, expectWrittenOnce, keyOf, manifestOf } from './faulted.ts';

/** Instances of one function that a busy machine can still start within a call's time. */
const NUMBERS = Array.from({ length: 8 }, (_, at) => at);

/** Instances of one function, and functions of one member, that do the same at the same time. */
export const twoHandlers = (the: () => Faulted): void => { describe('handlers of one member at the same work', () => {
  test('commit under counters of their own, none used twice and none left out; those that pull leave no hole', async () => {
    const federation = the();
    await leaveOnly(federation);
    const { operator } = federation.members['us-west'];
    const [{ emulator, operator: there }, nameOf] = [federation.members['eu-west'], (at: number) => `at-once-${at.toString()}`];

    const made = await Promise.all(NUMBERS.map((at) => operator.apply(manifestOf(nameOf(at), `${at.toString()}.example.com`), `at-once-${at.toString()}`)));
    const counters = made.map(({ version }) => Number(version.split('.')[1])).sort((a, b) => a - b);
    expect(counters).toEqual(NUMBERS.map((at) => (counters[0] ?? Number.NaN) + at));
    const pulled = await Promise.all([invoke(emulator, 'sync', {}), ...[1, 2].map(() => there.syncNow(undefined, AbortSignal.timeout(60_000)))]);

    expect(pulled[0]).toMatchObject({ status: 200, error: undefined });
    for (const at of NUMBERS) await arrives(federation, 'eu-west', nameOf(at), `${at.toString()}.example.com`);
    for (const at of NUMBERS) await expectWrittenOnce(federation, 'us-west', keyOf(nameOf(at)));
    await expectLevel(federation);
  });

  test('do one request that comes to both once', async () => {
    const federation = the();
    const { operator } = federation.members['us-west'];

    const made = await Promise.all([1, 2, 3].map(() => operator.apply(manifestOf('asked-thrice', 'once.example.com'), 'asked-thrice')));

    expect(new Set(made.map(({ version }) => version)).size).toBe(1);
    await arrives(federation, 'eu-west', 'asked-thrice', 'once.example.com');
    await expectWrittenOnce(federation, 'us-west', keyOf('asked-thrice'));
  });
}); };
