import type { Content, Json } from './content.ts';
import { canonicalContent } from './content.ts';
import type { Leaves } from './fields.ts';
import { assemble, below, isEmptyContainer, isItem, sameJson } from './fields.ts';
import { compactProvenance, leavesOfText, writerOf } from './provenance.ts';
import type { Path, Provenance, Sibling } from './row.ts';
import { writerKnew } from './row.ts';
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
  const newestFirst = [...live].sort((a, b) => compareWrites(b.sibling, a.sibling));
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
  return build(kind, newestFirst, leaves, winners, overlapping);
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

/**
 * A path holds one thing: a value, an object's fields or a list's items. Where concurrent writes left several, the one with the
 * newest write stays, and the path is named as overlapping; only an empty container gives way to what is below it in silence.
 */
function settleNesting(winners: Map<Path, Written>, overlapping: Set<Path>): void {
  const root: Nest = { path: '', value: undefined, fields: new Map(), items: new Map() };
  for (const [path, claim] of winners) if (claim.kind === 'value') nestAt(root, path).value = claim;
  settle(root, winners, overlapping);
}

interface Nest {
  readonly path: Path;
  value: Extract<Written, { kind: 'value' }> | undefined;
  readonly fields: Map<string, Nest>;
  readonly items: Map<string, Nest>;
}

function nestAt(root: Nest, path: Path): Nest {
  let at = root;
  for (const segment of path.split('/')) {
    const children = isItem(segment) ? at.items : at.fields;
    const next = children.get(segment) ?? { path: below(at.path, segment), value: undefined, fields: new Map<string, Nest>(), items: new Map<string, Nest>() };
    children.set(segment, next);
    at = next;
  }
  return at;
}

/** What a path holds after settling it and all below: the paths of the leaves, and the newest write among them. */
interface Holding { readonly paths: readonly Path[]; readonly newest: Write }

function settle({ path, value, fields, items }: Nest, winners: Map<Path, Written>, overlapping: Set<Path>): Holding | undefined {
  const holdings = [fields, items].map((children) => settleAll(children, winners, overlapping)).filter((holding) => holding !== undefined);
  if (value !== undefined && holdings.length > 0 && isEmptyContainer(value.value)) winners.delete(path);
  else if (value !== undefined) holdings.push({ paths: [path], newest: value.write });
  const [kept, ...dropped] = holdings.sort((a, b) => compareWrites(b.newest, a.newest));
  if (dropped.length > 0) overlapping.add(path);
  for (const gone of dropped.flatMap(({ paths }) => paths)) winners.delete(gone);
  return kept;
}

function settleAll(children: ReadonlyMap<string, Nest>, winners: Map<Path, Written>, overlapping: Set<Path>): Holding | undefined {
  const holdings = [...children.values()].map((child) => settle(child, winners, overlapping)).filter((holding) => holding !== undefined);
  const newest = holdings.map((holding) => holding.newest).sort(compareWrites).at(-1);
  return newest && { paths: holdings.flatMap(({ paths }) => paths), newest };
}

function build(
  kind: string, newestFirst: readonly LiveSibling[], leaves: ReadonlyMap<LiveSibling, Leaves>, winners: ReadonlyMap<Path, Written>, overlapping: ReadonlySet<Path>,
): Merged {
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
    content: canonicalContent(assemble(kind, values, newestFirst.map((version) => leaves.get(version) ?? new Map()))),
    fields: compactProvenance(base, writers, removed),
    overlapping: [...overlapping].sort(),
  };
}
