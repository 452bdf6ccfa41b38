import { describe, expect, test } from 'vitest';
import { resourceKey } from '../../model/resource-key.ts';
import { typicalRow } from '../stored/typical-row.ts';
import { DecodedRows } from './decoded-rows.ts';

const keyOf = (number: number) => resourceKey({ group: '', kind: 'ConfigMap', namespace: 'default', name: `c${number.toString()}` });
const bytesOf = (text: string): Buffer => Buffer.from(text);

describe('rows that were unpacked', () => {
  test('are given again for the same bytes, and for no others', () => {
    const rows = new DecodedRows();
    const row = typicalRow(1);
    rows.keep(keyOf(1), bytesOf('one'), row);

    expect(rows.find(keyOf(1), bytesOf('one'))).toBe(row);
    expect(rows.find(keyOf(1), bytesOf('two'))).toBeUndefined();
    expect(rows.find(keyOf(2), bytesOf('one'))).toBeUndefined();
  });

  test('are the last few thousand used', () => {
    const rows = new DecodedRows();
    for (let number = 0; number < 4096; number += 1) rows.keep(keyOf(number), bytesOf('x'), typicalRow(1));
    rows.find(keyOf(0), bytesOf('x'));
    rows.keep(keyOf(4096), bytesOf('x'), typicalRow(1));

    expect(rows.find(keyOf(0), bytesOf('x'))).toBeDefined();
    expect(rows.find(keyOf(1), bytesOf('x'))).toBeUndefined();
    expect(rows.find(keyOf(4096), bytesOf('x'))).toBeDefined();
  });

  test('are not kept where they are long, and then no shorter one stands for them', () => {
    const rows = new DecodedRows();
    rows.keep(keyOf(1), bytesOf('x'), typicalRow(1));
    rows.keep(keyOf(1), bytesOf('x'.repeat(10_000)), typicalRow(2));

    expect(rows.find(keyOf(1), bytesOf('x'))).toBeUndefined();
  });
});
