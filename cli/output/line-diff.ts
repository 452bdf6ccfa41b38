/** A line of two texts side by side; `undefined` where a side has none there. */
export interface LinePair { readonly left: string | undefined; readonly right: string | undefined }

/** Cells of the table by which lines are matched: 1,000 lines on both sides. Longer texts are compared line by line. */
const MAX_CELLS = 1_000_000;

/** Puts the lines of two texts side by side, equal ones beside each other (longest common subsequence). */
export function pairLines(left: readonly string[], right: readonly string[]): readonly LinePair[] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1;
  let tail = 0;
  while (tail < left.length - head && tail < right.length - head && left.at(-1 - tail) === right.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): readonly LinePair[] => lines.map((line) => ({ left: line, right: line }));
  return [
    ...same(left.slice(0, head)),
    ...pairMiddle(left.slice(head, left.length - tail), right.slice(head, right.length - tail)),
    ...same(left.slice(left.length - tail)),
  ];
}

function pairMiddle(left: readonly string[], right: readonly string[]): readonly LinePair[] {
  if (left.length * right.length > MAX_CELLS) return zip(left, right);
  const common = commonLengths(left, right);
  const pairs: LinePair[] = [];
  let run: { left: string[]; right: string[] } = { left: [], right: [] };
  let i = 0;
  let j = 0;
  while (i < left.length || j < right.length) {
    const [l, r] = [left[i], right[j]];
    if (l !== undefined && l === r) {
      pairs.push(...zip(run.left, run.right), { left: l, right: r });
      run = { left: [], right: [] };
      i += 1;
      j += 1;
    } else if (l !== undefined && (r === undefined || (common[i + 1]?.[j] ?? 0) >= (common[i]?.[j + 1] ?? 0))) {
      run.left.push(l);
      i += 1;
    } else {
      run.right.push(r ?? '');
      j += 1;
    }
  }
  return [...pairs, ...zip(run.left, run.right)];
}

/** How many lines what is left of both has in common, from each pair of positions on. */
function commonLengths(left: readonly string[], right: readonly string[]): readonly Uint32Array[] {
  const rows = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1));
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const row = rows[i];
      const below = rows[i + 1];
      if (row === undefined || below === undefined) continue;
      row[j] = left[i] === right[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

const zip = (left: readonly string[], right: readonly string[]): readonly LinePair[] =>
  Array.from({ length: Math.max(left.length, right.length) }, (_, at) => ({ left: left[at], right: right[at] }));
