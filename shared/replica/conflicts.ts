import type { ResourceKey } from '../model/ids.ts';
import { editProvenance } from '../model/provenance.ts';
import { splitKey } from '../model/resource-key.ts';
import type { HeldRow, Sibling } from '../model/row.ts';
import { isConflict } from '../model/row.ts';
import type { Dot } from '../model/version-vector.ts';
import type { View } from '../model/view.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { ConflictInfo } from '../ports/operator.ts';
import { readClusterFacts, shownOf, view } from './bridge-record.ts';
import { commit } from './commit.ts';
import { writtenBefore } from './earlier-request.ts';
import { requireWritable } from './operator-writes.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { nameOf, versionInfo, versionNames } from './versions.ts';
import type { VersionNames } from './versions.ts';

const PAGE = 200;
/** Conflicts listed at once; further ones come as these are resolved. */
const MAX_LISTED = 1000;

/**
 * What waits for a person (`Manual`, and `Merge`'s overlapping fields); with `all` also what was decided automatically, with the
 * losing versions and why they lost.
 */
export async function listConflicts(replica: Replica, all: boolean): Promise<readonly ConflictInfo[]> {
  const names = await versionNames(replica);
  const found: ConflictInfo[] = [];
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.candidates('conflict', after, PAGE);
    for (const [key, row] of page.rows) {
      const info = await describe(replica, key, row, names);
      if (info !== undefined && (all || info.status === 'pending')) found.push(info);
    }
    after = page.next;
  } while (after !== undefined && found.length < MAX_LISTED);
  return found;
}

/** One conflict with all its versions; undefined where there is none. */
export async function conflictOf(replica: Replica, key: ResourceKey): Promise<ConflictInfo | undefined> {
  const row = (await replica.store.rows([key])).get(key);
  return row === undefined ? undefined : describe(replica, key, row, await versionNames(replica));
}

/** How many conflicts wait for a person. */
export async function pendingConflicts(replica: Replica): Promise<number> {
  let pending = 0;
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.candidates('conflict', after, PAGE);
    for (const [key, row] of page.rows) if ((await seen(replica, key, row)).conflict?.status === 'pending') pending += 1;
    after = page.next;
  } while (after !== undefined);
  return pending;
}

async function seen(replica: Replica, key: ResourceKey, row: HeldRow): Promise<View> {
  const facts = await readClusterFacts(replica);
  const shown = await shownOf(replica, key, row, facts);
  return view(replica, key, row, { clusterId: facts.record?.clusterId, shownHash: shown?.hash });
}

async function describe(replica: Replica, key: ResourceKey, row: HeldRow, names: VersionNames): Promise<ConflictInfo | undefined> {
  if (!isConflict(row)) return undefined;
  const { conflict } = await seen(replica, key, row);
  if (conflict === undefined) return undefined;
  const { inForce } = await loadSettings(replica);
  const strategy = inForce?.strategy ?? 'LastWriterWins';
  const winner = conflict.winner === undefined ? undefined : nameOf(conflict.winner, names);
  return {
    key,
    status: conflict.status,
    strategy,
    detectedAtMs: row.local.conflictSinceMs ?? row.local.changedAtMs,
    overlapping: conflict.overlapping,
    versions: await Promise.all(row.siblings.map((sibling) => versionInfo(replica, key, sibling, names))),
    winner,
    why: reason(strategy, conflict, winner === undefined ? undefined : `${winner.version} (${winner.member})`),
  };
}

function reason(strategy: string, conflict: NonNullable<View['conflict']>, winner: string | undefined): string {
  if (conflict.status === 'pending' && strategy === 'Manual') return 'Manual: every cluster keeps what it has until somebody keeps one version';
  if (strategy === 'Merge' && conflict.overlapping.length > 0) return `Merge: written concurrently, the later write is shown: ${conflict.overlapping.join(', ')}`;
  if (strategy === 'Merge') return winner === undefined ? 'Merge: the versions changed different fields, all changes are shown' : `Merge: ${winner} is live, and a live version beats a concurrent delete`;
  return `LastWriterWins: ${winner ?? 'the shown version'} was written later than the others`;
}

/**
 * Ends a conflict by keeping one version: a new write that covers all of them.
 *
 * @param keep `local`, `remote`, or a member's name
 * @throws ReplicaError `not-found`, or `invalid` naming whom one can keep; and as `requireWritable`
 */
export async function resolveConflict(replica: Replica, key: ResourceKey, keep: string, requestId: string): Promise<{ version: string }> {
  await requireWritable(replica, key);
  const names = await versionNames(replica);
  const facts = await readClusterFacts(replica);
  const committed = await commit<Dot>(replica, [key], { requestId }, async (_key, row) => {
    const written = await writtenBefore(replica, requestId, key);
    if (written !== undefined) return { answer: written };
    if (row === undefined || !isConflict(row)) throw new ReplicaError('not-found', `${splitKey(key).kind} ${key} is in no conflict; \`novactl federation conflicts --all\` lists those there are`);
    const kept = chosen(replica, row, keep, names);
    const content = kept.body.kind === 'live' ? (kept.body.content ?? (await replica.store.content(key, kept.body.hash))) : undefined;
    const { body } = kept;
    const shown = await shownOf(replica, key, row, facts);
    return {
      write: {
        context: row.context,
        origin: 'operator',
        firstContact: false,
        body: (write) => (body.kind === 'deleted' || content === undefined ? body : { ...body, fields: editProvenance(splitKey(key).kind, write, undefined, content, undefined) }),
        observed: undefined,
        shown: () => shown,
      },
      answer: (_after, sibling) => sibling.dot,
    };
  });
  const dot = committed.get(key);
  return { version: dot === undefined ? '' : names.of(dot).version };
}

function chosen(replica: Replica, row: HeldRow, keep: string, names: VersionNames): Sibling {
  const owned = row.siblings.map((sibling) => ({ sibling, member: nameOf(sibling, names).member }));
  const isLocal = (member: string): boolean => member === replica.identity.member;
  const matching = owned.filter(({ member }) => (keep === 'local' ? isLocal(member) : keep === 'remote' ? !isLocal(member) : member === keep));
  const [only, ...others] = matching;
  const choices = owned.map(({ member, sibling }) => `${member} (${names.of(sibling.dot).version})`).join(', ');
  if (only === undefined) throw new ReplicaError('invalid', `--keep ${keep}: no version of this conflict is ${keep === 'local' || keep === 'remote' ? keep : `from ${keep}`}; there are ${choices}`);
  if (others.length > 0) {
    throw new ReplicaError('invalid', `--keep ${keep} means ${matching.length.toString()} versions; name the member: ${choices}`);
  }
  return only.sibling;
}
