import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pairLines } from './line-diff.ts';
import { printable } from './printable.ts';
import { sideBySide } from './side-by-side.ts';
import { plainColumns, table } from './table.ts';

const side = (title: string, text: string) => ({ title, text });

describe('pairing lines', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });

  test('both sides are all there, in order, and equal lines stand beside each other', () => {
    fc.assert(fc.property(lines, lines, (left, right) => {
      const pairs = pairLines(left, right);

      expect(pairs.flatMap((pair) => pair.left ?? [])).toEqual(left);
      expect(pairs.flatMap((pair) => pair.right ?? [])).toEqual(right);
      expect(pairs.filter((pair) => pair.left !== undefined && pair.left === pair.right).length).toBeGreaterThanOrEqual(longestCommon(left, right));
    }));
  });

  test('texts too long to be matched are paired line by line', () => {
    const left = Array.from({ length: 1100 }, (_, at) => `l${at.toString()}`);
    const right = Array.from({ length: 1100 }, (_, at) => `r${at.toString()}`);

    expect(pairLines(left, right)).toHaveLength(1100);
  });
});

/** By its definition, without any cleverness. */
function longestCommon(left: readonly string[], right: readonly string[]): number {
  const memo = new Map<string, number>();
  const from = (i: number, j: number): number => {
    if (i === left.length || j === right.length) return 0;
    const known = memo.get(`${i.toString()} ${j.toString()}`);
    if (known !== undefined) return known;
    const value = left[i] === right[j] ? 1 + from(i + 1, j + 1) : Math.max(from(i + 1, j), from(i, j + 1));
    memo.set(`${i.toString()} ${j.toString()}`, value);
    return value;
  };
  return from(0, 0);
}

describe('side by side', () => {
  test('marks lines that differ, and lines that one side has alone', () => {
    expect(sideBySide(side('A', 'same\nold\nend\n'), side('B', 'same\nnew\nend\nmore\n'), undefined)).toBe([
      'A                      B',
      '--------------------   --------------------',
      'same                   same',
      'old                  | new',
      'end                    end',
      '                     > more',
      '',
    ].join('\n'));
  });

  test('lines that do not fit go on below', () => {
    const text = sideBySide(side('A', 'x'.repeat(30)), side('B', 'y'), 43);

    expect(text).toContain(`${'x'.repeat(20)} | y\n${'x'.repeat(10)}           |\n`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(43);
  });
});

test('control characters of others cannot steer a terminal, and JSON still reads them back', () => {
  const text = JSON.stringify({ a: 'x\u001b[2J\u009b\u0007\ny' });

  expect(printable(text)).not.toMatch(/[\u001b\u009b\u0007]/);
  expect(JSON.parse(printable(text))).toEqual(JSON.parse(text));
});

test('a table keeps its columns whatever is in its cells', () => {
  expect(table(plainColumns('A', 'B'), [['e\u0301', 'x'], ['two\nlines', 'y']])).toBe('A           B\ne\u0301           x\ntwo lines   y\n');
});
