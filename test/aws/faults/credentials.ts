import { afterEach, describe, expect, test } from 'vitest';
import { eventually } from '../../e2e/local-federation.ts';
import { invoke, logOf } from '../deployment/deployed-functions.ts';
import type { Faulted } from './faulted.ts';
import { PATIENCE_MS, arrives, expectWrittenOnce, keyOf, pathOf, routeOf } from './faulted.ts';

/** The role's credentials ran out, as in an instance that was frozen for too long. */
export const expiredCredentials = (the: () => Faulted): void => { describe('credentials that ran out', () => {
  afterEach(() => { the().members['us-west'].emulator.faults.inject(); });

  test('stop a region from answering, by that name in its log; what its bridge held back arrives when there are new ones', async () => {
    const federation = the();
    const { emulator } = federation.members['us-west'];
    const name = 'expired';
    emulator.faults.inject({ fault: 'expired' });

    federation.save('us-west', pathOf(name), routeOf(name, 'expired.example.com'));

    const told = (line: Readonly<Record<string, unknown>>): boolean => line['event'] === 'rpc-refused' && line['code'] === 'unavailable' && String(line['reason']).includes('ExpiredTokenException');
    await eventually('the log names them', () => logOf(emulator, 'cluster-api'), (lines) => lines.some(told), PATIENCE_MS);
    expect(await invoke(emulator, 'sync', {})).toMatchObject({ error: 'Unhandled', answer: { errorMessage: expect.stringContaining('credentials') as string } });
    emulator.faults.inject();

    await arrives(federation, 'eu-west', name, 'expired.example.com');
    await expectWrittenOnce(federation, 'us-west', keyOf(name));
  });
}); };
