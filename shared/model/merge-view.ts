import type { Content, Json } from './content.ts';
import { canonicalContent } from './content.ts';
import type { Leaves } from './fields.ts';
import { assemble, isEmptyContainer, sameJson } from './fields.ts';
import { compactProvenance, leavesOfText, writerOf } from './provenance.ts';
import type { Path, Provenance, Sibling } from './row.ts';
import { writerKnew, writeOf } from './row.ts';
import type { Write } from './stamp.ts';
import { compareWrites } from './stamp.ts';
import { sameDot } from './version-vector.ts';

/** Live versions merged field by field. */
export interface Merged {
  readonly content: Content;
  readonly fields: Provenance;
  /** Fields that several versions wrote concurrently and differently; the greater stamp was taken. */
  readonly overlapping: readonly Path[];
}

/** What one version says about one path. `unset` says nothing of its own. */
type Claim = { readonly of: LiveSibling } & (
  | { readonly kind: 'value'; readonly value: Json; readonly write: Write }
  | { readonly kind: 'removed'; readonly write: Write }
  | { readonly kind: 'unset' });
type Written = Exclude<Claim, { kind: 'unset' }>;

/** A live version with its content at hand. */
export interface LiveSibling { readonly sibling: Sibling; readonly content: string; readonly fields: Provenance }

/**
 * Merges live siblings (DESIGN §4, "Merge"): a field whose writer the other version's writer knew yields to the other; fields
 * written concurrently fall back to the greater stamp of the field's writer and are named as overlapping. A function of the set
 * of versions alone: their order does not matter.
 *
 * @param live at least one version, of one resource of this kind
 */
export function mergeSiblings(kind: string, live: readonly LiveSibling[]): Merged {
  const newestFirst = [...live].sort((a, b) => compareWrites(writeOf(b.sibling), writeOf(a.sibling)));
  const leaves = new Map(newestFirst.map((version) => [version, leavesOfText(kind, version.content)]));
  const paths = new Set(newestFirst.flatMap((version) => [...(leaves.get(version)?.keys() ?? []), ...version.fields.removed.keys()]));
  const winners = new Map<Path, Written>();
  const overlapping = new Set<Path>();
  for (const path of paths) {
    const decision = decide(newestFirst.map((version) => claimOf(version, leaves.get(version), path)));
    if (decision === undefined) continue;
    winners.set(path, decision.winner);
    if (decision.overlaps) overlapping.add(path);
  }
  settleNesting(winners, overlapping);
  return build(newestFirst, leaves, winners, overlapping);
}

function claimOf(of: LiveSibling, leaves: Leaves | undefined, path: Path): Claim {
  const value = leaves?.get(path);
  if (value !== undefined) return { of, kind: 'value', value, write: writerOf(of.fields, path) };
  const removal = of.fields.removed.get(path);
  return removal === undefined ? { of, kind: 'unset' } : { of, kind: 'removed', write: removal };
}

/** Undefined: nobody's claim stands, so the field is not there. */
function decide(claims: readonly Claim[]): { readonly winner: Written; readonly overlaps: boolean } | undefined {
  const written = claims.filter((claim): claim is Written => claim.kind !== 'unset');
  const standing = written.filter((claim) => !claims.some((other) => supersedes(other, claim)));
  const [first, ...rest] = standing.sort((a, b) => compareWrites(b.write, a.write));
  if (first === undefined) return undefined;
  return { winner: first, overlaps: rest.some((other) => !saySame(first, other)) };
}

/** Whether `claim` yields to `other`, whose writer had seen it and says something else. */
function supersedes(other: Claim, claim: Written): boolean {
  if (other.of === claim.of || !writerKnew(other.of.sibling, claim.write.dot)) return false;
  if (other.kind === 'unset') return true;
  return !sameDot(other.write.dot, claim.write.dot) && !writerKnew(claim.of.sibling, other.write.dot);
}

const saySame = (a: Written, b: Written): boolean =>
  a.kind === 'value' ? b.kind === 'value' && sameJson(a.value, b.value) : b.kind === 'removed';

/** A leaf cannot stand above other leaves: an empty container gives way, anything else is decided by stamp. */
function settleNesting(winners: Map<Path, Written>, overlapping: Set<Path>): void {
  const present = [...winners].filter(([, claim]) => claim.kind === 'value').map(([path]) => path).sort();
  for (const path of present) {
    const above = winners.get(path);
    if (above?.kind !== 'value') continue;
    const below = present.filter((other) => other.startsWith(`${path}/`) && winners.get(other)?.kind === 'value');
    if (below.length === 0) continue;
    if (isEmptyContainer(above.value)) { winners.delete(path); continue; }
    overlapping.add(path);
    const newestBelow = below.map((other) => winners.get(other)?.write).filter((by) => by !== undefined).sort(compareWrites).at(-1);
    if (newestBelow !== undefined && compareWrites(newestBelow, above.write) > 0) winners.delete(path);
    else for (const other of below) winners.delete(other);
  }
}

function build(newestFirst: readonly LiveSibling[], leaves: ReadonlyMap<LiveSibling, Leaves>, winners: ReadonlyMap<Path, Written>, overlapping: ReadonlySet<Path>): Merged {
  const values = new Map<Path, Json>();
  const writers = new Map<Path, Write>();
  const removed = new Map<Path, Write>();
  for (const [path, claim] of winners) {
    if (claim.kind === 'removed') removed.set(path, claim.write);
    else { values.set(path, claim.value); writers.set(path, claim.write); }
  }
  const base = newestFirst[0]?.fields.base;
  if (base === undefined) throw new RangeError('merge of no versions');
  return {
    content: canonicalContent(assemble(values, newestFirst.map((version) => leaves.get(version) ?? new Map()))),
    fields: compactProvenance(base, writers, removed),
    overlapping: [...overlapping].sort(),
  };
}
