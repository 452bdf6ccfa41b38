import { widthOf } from './characters.ts';

/** A column of a table. `minimumWidth` keeps the guides' look where the values are shorter. */
export interface Column { readonly header: string; readonly minimumWidth?: number }

/** Between columns, as in the guides. */
const GAP = '   ';

/** Rows under their headers, every line ended by a line break, without blanks at its end. Line breaks in cells become blanks. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], indent = ''): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll(/\s*\n\s*/g, ' ')));
  const widths = columns.map(({ header, minimumWidth = 0 }, at) => cells.reduce((width, row) => Math.max(width, widthOf(row[at] ?? '')), Math.max(minimumWidth, header.length)));
  const line = (row: readonly string[]): string => (indent + row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))).join(GAP)).trimEnd();
  return [columns.map(({ header }) => header), ...cells].map((row) => `${line(row)}\n`).join('');
}

/** Columns by their headers alone. */
export const plainColumns = (...headers: readonly string[]): readonly Column[] => headers.map((header) => ({ header }));
