import { describe, expect, test } from 'vitest';
import { newProcessMemory, noteRecord, recordOf } from './process-memory.ts';

describe('what a document says', () => {
  const reading = (): { readonly read: (value: unknown) => string; readonly values: unknown[] } => {
    const values: unknown[] = [];
    return { read: (value) => { values.push(value); return JSON.stringify(value); }, values };
  };

  test('is read once while the very value stays, and anew where an equal one comes', () => {
    const memory = newProcessMemory();
    const { read, values } = reading();
    const value = { n: 1 };

    expect([recordOf(memory, 'a', value, read), recordOf(memory, 'a', value, read), recordOf(memory, 'a', { n: 1 }, read)]).toEqual(['{"n":1}', '{"n":1}', '{"n":1}']);
    expect(values).toHaveLength(2);
  });

  test('is of its own name', () => {
    const memory = newProcessMemory();
    const value = { n: 1 };
    recordOf(memory, 'a', value, () => 'of a');

    expect(recordOf(memory, 'b', value, () => 'of b')).toBe('of b');
  });

  test('is what was noted for a value that was put; where another one stands, that is read', () => {
    const memory = newProcessMemory();
    const { read, values } = reading();
    const put = { n: 2 };
    noteRecord(memory, 'a', put, 'noted');

    expect(recordOf(memory, 'a', put, read)).toBe('noted');
    expect(recordOf(memory, 'a', { n: 3 }, read)).toBe('{"n":3}');
    expect(values).toEqual([{ n: 3 }]);
  });
});
