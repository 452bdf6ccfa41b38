import { parseContent } from './content.ts';
import type { Leaves } from './fields.ts';
import { editBetween, leavesOf } from './fields.ts';
import type { Path, Provenance } from './row.ts';
import type { Write } from './stamp.ts';
import type { VersionVector } from './version-vector.ts';
import { coversDot, sameDot } from './version-vector.ts';

/** A row must stay small: an object with more separately written fields than this counts as wholly written by its last writer. */
export const MAX_PROVENANCE_PATHS = 1000;

/** The same for the length of its paths: a row travels with all of them. */
export const MAX_PROVENANCE_BYTES = 64 * 1024;
/** What an entry takes besides its path: a dot and a stamp. */
const ENTRY_BYTES = 60;

/** About how long provenance is, stored or on the wire. */
export function provenanceBytes({ set, removed }: Provenance): number {
  let bytes = 0;
  for (const paths of [set, removed]) for (const path of paths.keys()) bytes += path.length + ENTRY_BYTES;
  return bytes;
}

/** Provenance that is too long says of the whole that it was written last. */
const withinBounds = (fields: Provenance, write: Write): Provenance =>
  fields.set.size + fields.removed.size > MAX_PROVENANCE_PATHS || provenanceBytes(fields) > MAX_PROVENANCE_BYTES ? writtenWhole(write) : fields;

/** A version made from nothing: all of it was written now. */
export const writtenWhole = (write: Write): Provenance => ({ base: write, set: new Map(), removed: new Map() });

/** Who last wrote the leaf at `path` of a version that has it. */
export const writerOf = (fields: Provenance, path: Path): Write => fields.set.get(path) ?? fields.base;

/**
 * Provenance of an edit: the paths it changed are its own, untouched fields keep their writer (DESIGN §4, "Merge").
 *
 * @param shown what the writer edited, with its provenance; undefined where it is lost, and then the whole is the edit's
 * @param stable what every member has seen; older removals need not be remembered when nothing is concurrent
 */
export function editProvenance(
  kind: string, write: Write, shown: { readonly content: string; readonly fields: Provenance } | undefined, content: string, stable: VersionVector | undefined,
): Provenance {
  if (shown === undefined) return writtenWhole(write);
  const edit = editBetween(leavesOf(kind, parseContent(shown.content)), leavesOf(kind, parseContent(content)));
  const set = new Map(shown.fields.set);
  const removed = new Map([...shown.fields.removed].filter(([, by]) => stable === undefined || !coversDot(stable, by.dot)));
  for (const path of edit.removed) { set.delete(path); removed.set(path, write); }
  for (const path of edit.changed) { removed.delete(path); set.set(path, write); }
  return withinBounds({ base: shown.fields.base, set, removed }, write);
}

/** Provenance from each leaf's writer: what most leaves share is the base. */
export function compactProvenance(base: Write, writers: ReadonlyMap<Path, Write>, removed: ReadonlyMap<Path, Write>): Provenance {
  const set = new Map([...writers].filter(([, by]) => !sameDot(by.dot, base.dot)));
  return { base, set, removed };
}

/** The leaves of a version with their values. */
export const leavesOfText = (kind: string, content: string): Leaves => leavesOf(kind, parseContent(content));
