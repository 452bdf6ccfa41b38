/** A column of a table: numbers are printed with so many digits after the point. */
export interface Column { readonly name: string; readonly digits?: number }
export type Cell = string | number | undefined;
export interface Table { readonly title: string; readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] }

/** Something we promised, and whether it holds in this run. Ratios are of two measurements of the same run. */
export interface Goal { readonly what: string; readonly limit: string; readonly measured: string; readonly met: boolean }

/** What one part of the bench found. `notes` say how it was measured, in whole sentences. */
export interface Section { readonly part: string; readonly notes: readonly string[]; readonly tables: readonly Table[]; readonly goals: readonly Goal[] }

/** @param limit the most that is allowed */
export const atMost = (what: string, limit: number, measured: number, unit = ''): Goal =>
  ({ what, limit: `<= ${limit.toString()}${unit}`, measured: `${round(measured)}${unit}`, met: measured <= limit });

const round = (value: number): string => (Number.isInteger(value) ? value.toString() : value.toFixed(2));

/** For people: tables with their columns under each other. */
export function asText({ part, notes, tables, goals }: Section): string {
  return [`== ${part} ==`, ...notes, ...tables.map(tableText), goalsText(goals)].filter((text) => text !== '').join('\n\n');
}

/** For programs: rows as objects by the names of their columns. */
export const asJson = (sections: readonly Section[]): string =>
  JSON.stringify(sections.map(({ tables, ...section }) => ({ ...section, tables: tables.map(({ title, columns, rows }) => ({ title, rows: rows.map((row) => named(columns, row)) })) })), undefined, 2);

const named = (columns: readonly Column[], row: readonly Cell[]): Readonly<Record<string, Cell | null>> =>
  Object.fromEntries(columns.map(({ name }, at) => [name, row[at] ?? null]));

function tableText({ title, columns, rows }: Table): string {
  const printed = rows.map((row) => columns.map(({ digits }, at) => cellText(row[at], digits)));
  const widths = columns.map(({ name }, at) => Math.max(name.length, ...printed.map((row) => row[at]?.length ?? 0)));
  const isNumeric = columns.map((_, at) => rows.every((row) => typeof row[at] !== 'string' || row[at] === '-'));
  const line = (cells: readonly string[]): string => `  ${cells.map((cell, at) => (isNumeric[at] === true ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join('  ')}`.trimEnd();
  return [title, line(columns.map(({ name }) => name)), ...printed.map(line)].join('\n');
}

function cellText(cell: Cell, digits = 0): string {
  if (cell === undefined) return '-';
  return typeof cell === 'string' ? cell : cell.toFixed(digits);
}

function goalsText(goals: readonly Goal[]): string {
  if (goals.length === 0) return '';
  const width = Math.max(...goals.map(({ what }) => what.length));
  return ['Goals', ...goals.map(({ what, limit, measured, met }) => `  ${met ? 'met    ' : 'NOT MET'}  ${what.padEnd(width)}  ${measured} (goal ${limit})`)].join('\n');
}
