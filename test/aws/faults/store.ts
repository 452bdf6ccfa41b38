import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../e2e/local-federation.ts';
import { leaveOnly } from '../deployment/controls.ts';
import { invoke, logOf } from '../deployment/deployed-functions.ts';
import type { Faulted } from './faulted.ts';
import { NAMES, PATIENCE_MS, arrives, expectWrittenOnce, keyOf, pathOf, routeOf } from './faulted.ts';

/** DynamoDB refuses, is too busy, or carries something out and does not say so. */
export const storeFaults = (the: () => Faulted): void => { describe('a store that goes wrong', () => {
  afterEach(() => { for (const name of NAMES) the().members[name].emulator.faults.inject(); });

  test('at the origin: what a bridge sent is committed once and arrives', async () => {
    const federation = the();
    const { faults } = federation.members['us-west'].emulator;
    const [name, action] = ['origin-trouble', 'TransactWriteItems'];
    faults.inject(...(['throttled', 'conflict', 'condition', 'answer-lost'] as const).map((fault) => ({ fault, action, within: name, times: 1 })));

    federation.save('us-west', pathOf(name), routeOf(name, 'origin.example.com'));

    await arrives(federation, 'eu-west', name, 'origin.example.com');
    expect(faults.hits).toBe(4);
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });

  test('at the peer: a row whose write was throttled, met a condition or lost its answer stands there once', async () => {
    const federation = the();
    const { faults } = federation.members['eu-west'].emulator;
    const name = 'peer-trouble';
    faults.inject(...(['throttled', 'condition', 'answer-lost'] as const).map((fault) => ({ fault, action: 'PutItem', within: name, times: 1 })));

    federation.save('us-west', pathOf(name), routeOf(name, 'peer.example.com'));

    await arrives(federation, 'eu-west', name, 'peer.example.com');
    expect(faults.hits).toBe(3);
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });

  test('for longer than a function tries: nothing is acknowledged, the log says why, and it is made when the store is back', async () => {
    const federation = the();
    const { emulator, operator } = federation.members['us-west'];
    const name = 'long-trouble';
    emulator.faults.inject({ fault: 'throttled', action: 'TransactWriteItems', within: name });

    await expect(operator.apply(JSON.stringify(routeOf(name, 'long.example.com')), 'long-trouble')).rejects.toThrow(/busy/);
    expect(await operator.get(keyOf(name))).toBeUndefined();
    await eventually('the refusal is in the log', () => logOf(emulator, 'operator-api'), (lines) => lines.some(({ event, code, method }) => event === 'rpc-refused' && code === 'busy' && String(method).endsWith('/ApplyResource')), PATIENCE_MS);
    emulator.faults.inject();

    await operator.apply(JSON.stringify(routeOf(name, 'long.example.com')), 'long-trouble');
    await arrives(federation, 'eu-west', name, 'long.example.com');
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });

  test('and never says that it carried a transaction out: it is found done, and the same request again finds it too', async () => {
    const federation = the();
    const { emulator, operator } = federation.members['us-west'];
    const name = 'answer-lost';
    const apply = () => operator.apply(JSON.stringify(routeOf(name, 'lost.example.com')), 'answer-lost');
    emulator.faults.inject({ fault: 'answer-lost', action: 'TransactWriteItems', within: name });

    const { version } = await apply();
    expect(emulator.faults.hits).toBeGreaterThan(0);
    emulator.faults.inject();

    expect((await apply()).version).toBe(version);
    await arrives(federation, 'eu-west', name, 'lost.example.com');
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });

  test('under a scheduled job: it fails where alarms see it, with a line that says why, and the next one makes up for it', async () => {
    const federation = the();
    const { emulator } = federation.members['eu-west'];
    await leaveOnly(federation);
    const name = 'scheduled-trouble';
    federation.save('us-west', pathOf(name), routeOf(name, 'scheduled.example.com'));
    await arrives(federation, 'us-west', name, 'scheduled.example.com');
    await eventually('us-west has committed it', () => federation.members['us-west'].operator.get(keyOf(name)), (found) => found !== undefined, PATIENCE_MS);
    emulator.faults.inject({ fault: 'server-error', action: 'BatchGetItem' });

    expect(await invoke(emulator, 'sync', {})).toMatchObject({ error: 'Unhandled', answer: { errorMessage: expect.stringContaining('no answer from the table') as string } });
    await eventually('the failure is in the log', () => logOf(emulator, 'sync'), (lines) => lines.some(({ event, error }) => event === 'invocation-failed' && error === 'StoreUnreachableError'), PATIENCE_MS);
    emulator.faults.inject();

    expect(await invoke(emulator, 'sync', {})).toMatchObject({ error: undefined });
    await arrives(federation, 'eu-west', name, 'scheduled.example.com');
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });
}); };
