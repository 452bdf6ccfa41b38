import { charactersOf, widthOf } from './characters.ts';
import { pairLines } from './line-diff.ts';
import { printable } from './printable.ts';

/** One side: what it is, and its text. */
export interface Side { readonly title: string; readonly text: string }

/** A column is never narrower, or nobody could read it. */
const MIN_COLUMN = 20;
/** Without a terminal: as wide as the lines are, up to this. */
const MAX_COLUMN = 100;
/** Between the columns: the mark with a blank on both sides. */
const GUTTER = 3;

/**
 * Two texts side by side, as `diff -y` prints them: `|` marks lines that differ, `<` and `>` lines that only one side has. Lines that
 * do not fit go on below.
 *
 * @param columns the terminal's width; undefined takes what is needed
 */
export function sideBySide(left: Side, right: Side, columns: number | undefined, indent = ''): string {
  const [leftLines, rightLines] = [linesOf(left.text), linesOf(right.text)];
  const needed = [left.title, right.title, ...leftLines, ...rightLines].reduce((width, line) => Math.max(width, widthOf(line)), MIN_COLUMN);
  const fitting = columns === undefined ? MAX_COLUMN : Math.max(MIN_COLUMN, Math.floor((columns - indent.length - GUTTER) / 2));
  const width = Math.min(needed, fitting);
  const rows = pairLines(leftLines, rightLines).flatMap(({ left: l, right: r }) => wrapPair(l, r, markOf(l, r), width));
  return [...wrapPair(left.title, right.title, ' ', width), `${'-'.repeat(width)}   ${'-'.repeat(width)}`, ...rows].map((row) => `${indent}${row}`.trimEnd() + '\n').join('');
}

const linesOf = (text: string): readonly string[] => printable(text).replaceAll('\t', '    ').replace(/\n$/, '').split('\n');

const markOf = (left: string | undefined, right: string | undefined): string => (left === undefined ? '>' : right === undefined ? '<' : left === right ? ' ' : '|');

function wrapPair(left: string | undefined, right: string | undefined, mark: string, width: number): readonly string[] {
  const [leftParts, rightParts] = [wrap(left ?? '', width), wrap(right ?? '', width)];
  return Array.from({ length: Math.max(leftParts.length, rightParts.length) }, (_, at) => {
    const part = leftParts[at] ?? '';
    return `${part}${' '.repeat(width - widthOf(part))} ${mark} ${rightParts[at] ?? ''}`;
  });
}

function wrap(line: string, width: number): readonly string[] {
  const characters = charactersOf(line);
  const parts = Array.from({ length: Math.ceil(characters.length / width) }, (_, at) => characters.slice(at * width, (at + 1) * width).join(''));
  return parts.length === 0 ? [''] : parts;
}
