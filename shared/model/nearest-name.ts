/**
 * The name somebody probably meant: the known one that is fewest changed letters away, where upper and lower case are alike.
 * Undefined when none is near.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const reach = Math.max(2, Math.floor(name.length / 3));
  if (name.length > MAX_NAME_LENGTH) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= reach && best.distance < best.candidate.length ? best.candidate : undefined;
}

/** A longer name is no slip of the pen, and comparing it would cost. */
const MAX_NAME_LENGTH = 64;

/** Letters to insert, delete or replace (Levenshtein, by rows). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 0; i < from.length; i += 1) {
    const next = [i + 1];
    for (let j = 0; j < to.length; j += 1) {
      const replace = (row[j] ?? 0) + (from[i] === to[j] ? 0 : 1);
      next.push(Math.min(replace, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
