import type { Content } from '../model/content.ts';
import { contentOf } from '../model/content.ts';
import type { Hash, ResourceKey } from '../model/ids.ts';
import { editProvenance } from '../model/provenance.ts';
import { splitKey } from '../model/resource-key.ts';
import type { HeldRow, Provenance, Shown, Sibling } from '../model/row.ts';
import { hasLiveSibling } from '../model/row.ts';
import { openToken } from '../model/token.ts';
import type { Token } from '../model/token.ts';
import { covers, coversDot, emptyVector, sameVector } from '../model/version-vector.ts';
import { viewHash } from '../model/view.ts';
import type { Observation, RefusalReason } from '../ports/region.ts';
import type { RegionState } from '../ports/store.ts';
import type { BridgeRecord, ClusterFacts } from './bridge-record.ts';
import { contentIn, hasEverything, isApplied, shownOf, view } from './bridge-record.ts';
import type { Decision, WantedWrite } from './commit.ts';
import { storeContent } from './contents.ts';
import { heldDelete, isWithheld } from './holds.ts';
import { isOnlyCopy } from './orphans.ts';
import { positionOf } from './position.ts';
import type { Replica } from './replica.ts';
import { regionSecret } from './secret.ts';
import { tokenScope } from './targets.ts';

/** What came of one observation; `row` is what stands here afterwards. */
export type Observed =
  | { readonly kind: 'written'; readonly row: HeldRow; readonly sibling: Sibling }
  | { readonly kind: 'unchanged'; readonly row: HeldRow | undefined }
  /** The object is behind the region: it is to be shown the target, nothing is written. */
  | { readonly kind: 'show'; readonly row: HeldRow | undefined }
  | { readonly kind: 'refused'; readonly reason: RefusalReason; readonly message: string };

/**
 * Tells what an object in the cluster says (DESIGN §11): an echo of what was shown, an edit with the context its author had, a
 * first contact, a delete, or nothing yet. Pure but for reading; `commit` calls it again when the row changed meanwhile.
 */
export async function observe(replica: Replica, observation: Observation, row: HeldRow | undefined, state: RegionState, facts: ClusterFacts & { readonly record: BridgeRecord }): Promise<Decision<Observed>> {
  if (isAlreadyDone(observation, row, facts.record)) return { answer: { kind: 'unchanged', row } };
  const shown = await shownOf(replica, observation.key, row, facts);
  return observation.state.kind === 'gone'
    ? observeAbsence(replica, observation, row, facts, shown)
    : observeContent(replica, observation, contentOf(observation.state.content), row, state, facts, shown);
}

/** A retry or a late copy: the row keeps the latest of this cluster, older or equal is done already. */
function isAlreadyDone(observation: Observation, row: HeldRow | undefined, record: BridgeRecord): boolean {
  const last = row?.local.observed;
  return last?.clusterId === record.clusterId && !isNewerVersion(observation.resourceVersion, last.resourceVersion);
}

/** Resource versions are decimal numbers of any length. */
export const isNewerVersion = (a: string, b: string): boolean => (a.length === b.length ? a > b : a.length > b.length);

/**
 * A missing object is a delete only if all that stands here was shown to the cluster: it is of the cluster's own writing, the
 * applied vector has passed it, or the token of the object's last state (where a watch gave it) tells so. Anything else is not
 * applied yet: had the bridge died between a delete it carried out and its report, a newer version would be taken for deleted.
 */
async function observeAbsence(replica: Replica, observation: Observation, row: HeldRow | undefined, facts: ClusterFacts & { readonly record: BridgeRecord }, shown: Shown | undefined): Promise<Decision<Observed>> {
  if (row === undefined) return { answer: { kind: 'unchanged', row } };
  const token = await tokenOf(replica, observation, facts.record);
  const wasShown = (sibling: Sibling): boolean => token !== undefined && coversDot(token.context, sibling.dot);
  const isDelete = token === undefined ? shown?.hash !== undefined && isApplied(row, facts, observation.key) : row.siblings.every(wasShown) || isApplied(row, facts, observation.key);
  // Not confirmed: what it lived in was deleted and made again, and takes it back.
  const isConfirmed = observation.state.kind === 'gone' && observation.state.confirmed;
  if (!isDelete || !isConfirmed || !hasLiveSibling(row)) return { answer: { kind: 'show', row } };
  return wanted(observation, facts.record, { context: token?.context ?? row.context, firstContact: false, body: () => ({ kind: 'deleted' }) }, undefined);
}

/**
 * Whether an object that says what it is known to have been shown was shown something newer since, which nobody has reported yet, and
 * edited back by somebody: a token and what it stands for are written in one step.
 */
export function isEditedBack(token: Token | undefined, hash: Hash, shown: Shown): boolean {
  if (token === undefined || token.hash === hash || !covers(token.context, shown.tokensCover)) return false;
  const isOwnBesideOthers = !sameVector(shown.context, shown.tokensCover);
  return isOwnBesideOthers || !sameVector(token.context, shown.tokensCover);
}

/** The token an observation carries, if this region made it for this resource of this cluster. */
export async function tokenOf(replica: Replica, { key, token }: Pick<Observation, 'key' | 'token'>, { clusterId }: BridgeRecord): Promise<Token | undefined> {
  return token === undefined ? undefined : openToken(await regionSecret(replica), tokenScope(replica, key, clusterId), token);
}

async function observeContent(
  replica: Replica, observation: Observation, content: Content, row: HeldRow | undefined, state: RegionState, facts: ClusterFacts & { readonly record: BridgeRecord }, shown: Shown | undefined,
): Promise<Decision<Observed>> {
  const { key } = observation;
  const token = await tokenOf(replica, observation, facts.record);
  // An object that the federation brought here has its token; one without is somebody's own.
  const fromOthers = token === undefined ? false : undefined;
  if (shown?.hash === content.hash && !isEditedBack(token, content.hash, shown)) return { answer: { kind: 'unchanged', row } };
  if (token !== undefined && await isOnlyCopy(replica, token, row)) return edit(replica, observation, content, facts.record, { context: token.context, firstContact: false, fromOthers }, undefined);
  if (row === undefined) {
    // Deleted and collected. Until the cluster has been told, an untouched object is merely waiting to go.
    const isUntold = isWithheld(facts, key) || !hasEverything(facts.record, positionOf(state), undefined);
    const isWaiting = token?.hash === content.hash && isUntold;
    // Without a row nothing could be written when somebody rejected the delete: what the cluster holds is.
    const isRejected = isWaiting && (await heldDelete(replica, 'down', key))?.state === 'rejected';
    if (isWaiting && !isRejected) return { answer: { kind: 'show', row } };
    return edit(replica, observation, content, facts.record, { context: token?.context ?? emptyVector, firstContact: false, fromOthers }, undefined);
  }
  if (token !== undefined && token.hash === content.hash && await isNewestShown(replica, key, row, token, shown, facts)) return { answer: { kind: 'unchanged', row } };
  const context = token?.context ?? shown?.context;
  if (context !== undefined) return edit(replica, observation, content, facts.record, { context, firstContact: false, fromOthers }, await versionShown(replica, key, row, token, shown));
  if (!hasLiveSibling(row)) return edit(replica, observation, content, facts.record, { context: row.context, firstContact: false, fromOthers }, undefined);
  const { body } = await view(replica, key, row, { clusterId: facts.record.clusterId, shownHash: undefined });
  if (viewHash(body) === content.hash) return { answer: { kind: 'unchanged', row } };
  return edit(replica, observation, content, facts.record, { context: emptyVector, firstContact: true, fromOthers }, undefined);
}

/** An echo: the hash matches and no later version was shown. An older token with its matching hash is a restored copy. */
async function isNewestShown(replica: Replica, key: ResourceKey, row: HeldRow, token: Token, shown: Shown | undefined, facts: ClusterFacts & { readonly record: BridgeRecord }): Promise<boolean> {
  if (shown === undefined) return true;
  if (!covers(token.context, shown.tokensCover)) return false;
  // What the cluster wrote beside other versions: a token that covers that write was made since.
  if (!sameVector(shown.context, shown.tokensCover)) return true;
  if (!sameVector(token.context, shown.tokensCover) || shown.reshown?.includes(token.hash) === true) return true;
  const { body } = await view(replica, key, row, { clusterId: facts.record.clusterId, shownHash: shown.hash ?? 'deleted' });
  return viewHash(body) === token.hash;
}

/**
 * The version an edit started from, with who wrote its fields; undefined where it is lost, and every path counts as changed.
 */
async function versionShown(replica: Replica, key: ResourceKey, row: HeldRow, token: Token | undefined, shown: Shown | undefined): Promise<ShownVersion | undefined> {
  const hash = token?.hash ?? shown?.hash;
  if (hash === undefined) return undefined;
  const sibling = row.siblings.find(({ body }) => body.kind === 'live' && body.hash === hash);
  if (sibling?.body.kind === 'live') {
    const content = sibling.body.content ?? (await replica.store.content(key, hash));
    return content === undefined ? undefined : { content, fields: sibling.body.fields };
  }
  const { body } = await view(replica, key, row, { clusterId: undefined, shownHash: hash });
  if (body.kind === 'live' && body.hash === hash && body.content !== undefined) return { content: body.content, fields: body.fields };
  const earlier = [shown, row.local.shown].find((one) => one?.hash === hash && one.fields !== undefined);
  const content = earlier === undefined ? undefined : (earlier.content ?? (await replica.store.content(key, hash)));
  return content === undefined || earlier?.fields === undefined ? undefined : { content, fields: earlier.fields };
}
type ShownVersion = { readonly content: string; readonly fields: Provenance };

async function edit(
  replica: Replica, observation: Observation, content: Content, record: BridgeRecord, how: Pick<WantedWrite, 'context' | 'firstContact' | 'fromOthers'>, base: ShownVersion | undefined,
): Promise<Decision<Observed>> {
  const inline = await storeContent(replica, observation.key, content);
  const { kind } = splitKey(observation.key);
  return wanted(observation, record, {
    ...how,
    body: (write) => ({ kind: 'live', hash: content.hash, content: inline, bytes: content.bytes, fields: editProvenance(kind, write, base, content.text, undefined) }),
  }, content);
}

function wanted(observation: Observation, { clusterId }: BridgeRecord, write: Pick<WantedWrite, 'context' | 'firstContact' | 'fromOthers' | 'body'>, content: Content | undefined): Decision<Observed> {
  return {
    write: {
      ...write,
      origin: clusterId,
      observed: { clusterId, uid: observation.uid, resourceVersion: observation.resourceVersion },
      // A version beside others was not shown these: its author knew what it knew before.
      shown: (after, sibling) => ({ clusterId, context: after.siblings.length === 1 ? after.context : sibling.writerContext, tokensCover: after.context, hash: content?.hash, ...contentIn(sibling.body) }),
    },
    answer: (row, sibling) => ({ kind: 'written', row, sibling }),
  };
}
