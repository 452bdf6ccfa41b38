import { afterEach, describe, expect, test } from 'vitest';
import { ledgerTableName } from '../../../infra/names.ts';
import { PARTITION } from '../../../shared/adapters/dynamodb/table-layout.ts';
import { eventually } from '../../e2e/local-federation.ts';
import { leaveOnly } from '../deployment/controls.ts';
import { FEDERATION } from '../deployment/synthesis.ts';
import { invoke, switchStream } from '../deployment/deployed-functions.ts';
import { allRecords } from '../deployment/ledger-records.ts';
import type { Faulted } from './faulted.ts';
import { PATIENCE_MS, arrives, expectLevel, historyAt, keyOf, manifestOf, pathOf } from './faulted.ts';

/** Records come more than once, in the wrong order, and together with others. */
export const streamFaults = (the: () => Faulted): void => { describe('a stream that repeats itself in any order', () => {
  afterEach(async () => { await switchStream(the().members['eu-west'].emulator, 'doorbell', true); });

  test('brings each change and each delete once', async () => {
    const federation = the();
    const [{ operator }, { emulator }] = [federation.members['us-west'], federation.members['eu-west']];
    await operator.apply(manifestOf('stream-gone', 'gone.example.com'), crypto.randomUUID());
    await arrives(federation, 'eu-west', 'stream-gone', 'gone.example.com');
    await switchStream(emulator, 'doorbell', false);
    await leaveOnly(federation, 'doorbell');
    const before = (await allRecords(emulator, ledgerTableName(FEDERATION))).length;

    for (let edit = 0; edit < 5; edit += 1) await operator.apply(manifestOf('stream-kept', `${edit.toString()}.example.com`), crypto.randomUUID());
    expect(await operator.delete(keyOf('stream-gone'), crypto.randomUUID())).toBe('deleted');
    // With push cut, `garbage-collect` is what publishes the delete.
    expect(await invoke(federation.members['us-west'].emulator, 'garbage-collect', {})).toMatchObject({ error: undefined });
    const fresh = await eventually('clock and delete are in the peer\'s stream', async () => (await allRecords(emulator, ledgerTableName(FEDERATION))).slice(before), (records) => {
      const sorts = records.filter(({ dynamodb }) => dynamodb.NewImage?.[PARTITION]?.S === 'us-west').map(({ dynamodb }) => dynamodb.Keys['s']?.S ?? '');
      return sorts.filter((sort) => sort === 'clock').length >= 2 && sorts.some((sort) => sort.startsWith('delete#'));
    }, PATIENCE_MS);
    const records = fresh.filter(({ dynamodb }) => dynamodb.NewImage?.[PARTITION]?.S === 'us-west');
    const backwards = { Records: [...records, ...records].reverse() };
    const ends = await Promise.all([invoke(emulator, 'doorbell', backwards), invoke(emulator, 'doorbell', { Records: records }), invoke(emulator, 'doorbell', backwards)]);

    for (const end of ends) expect(end).toEqual({ status: 200, error: undefined, answer: { batchItemFailures: [] } });
    await arrives(federation, 'eu-west', 'stream-kept', '4.example.com');
    await eventually('the delete is at eu-west', () => federation.manifest('eu-west', pathOf('stream-gone')), (object) => object === undefined, PATIENCE_MS);
    const history = await historyAt(federation, 'us-west', keyOf('stream-kept'));
    expect(await historyAt(federation, 'eu-west', keyOf('stream-kept'))).toEqual(history);
    // And once more, by the mapping itself.
    await switchStream(emulator, 'doorbell', true);
    await operator.apply(manifestOf('stream-after', 'after.example.com'), crypto.randomUUID());
    await arrives(federation, 'eu-west', 'stream-after', 'after.example.com');
    expect(await historyAt(federation, 'eu-west', keyOf('stream-kept'))).toEqual(history);
    expect(await federation.members['eu-west'].operator.get(keyOf('stream-gone'))).toBeUndefined();
    await expectLevel(federation);
  });
}); };
