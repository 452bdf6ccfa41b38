import { ContentError, contentOf, isObject, parseContent } from '../model/content.ts';
import type { Json, JsonObject } from '../model/content.ts';
import { groupOf, isLocalMark, passesFilter } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import { parseResourceKey, splitKey } from '../model/resource-key.ts';
import type { HeldRow } from '../model/row.ts';
import { SESSION_LIFE_MS, openSession } from '../model/token.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { BridgeCommitRequest, BridgeCommitResponse, Observation, ObservationResult } from '../ports/region.ts';
import { MAX_COMMIT_BYTES, MAX_COMMIT_ROWS, TooLargeError } from '../ports/store.ts';
import type { RegionState } from '../ports/store.ts';
import { epochOf } from './bridge-record.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { knownCluster } from './cluster-identity.ts';
import { judgeObservations, observeGuarded, withoutWithheldTargets } from './held-observations.ts';
import type { Verdicts } from './held-observations.ts';
import { LowerEpochError, commit } from './commit.ts';
import type { CommitOptions, Decision } from './commit.ts';
import type { Observed } from './observe.ts';
import { tokenOf } from './observe.ts';
import { noteOwnObjects } from './own-objects.ts';
import { filterInForce, isSpoke } from './policy.ts';
import type { Replica } from './replica.ts';
import { regionSecret } from './secret.ts';
import type { Settings } from './settings.ts';
import { loadSettings } from './settings.ts';
import { answerAtSpoke } from './spoke.ts';
import { targetAfter } from './targets.ts';

/**
 * Takes what a cluster's objects look like and commits what are edits (DESIGN §11). One transaction for all of them; an object that
 * cannot be committed does not hold up the others.
 */
export async function commitObservations(replica: Replica, request: BridgeCommitRequest): Promise<BridgeCommitResponse> {
  const settings = await loadSettings(replica);
  const session = openSession(await regionSecret(replica), replica.identity.federationId, request.session);
  if (session === undefined || session.clusterId !== request.clusterId || replica.clock.nowMs() - session.issuedAtMs > SESSION_LIFE_MS) return { kind: 'session-expired' };
  if (request.observations.length > MAX_COMMIT_ROWS) throw new ReplicaError('invalid', `observations: at most ${MAX_COMMIT_ROWS.toString()} in one commit, got ${request.observations.length.toString()}`);
  const facts = await knownCluster(replica, request);
  if (facts === undefined) return { kind: 'session-expired' };
  // Without a token only the record tells what the author was shown, so what was recorded since may not count.
  const isCurrent = session.recordRevision === facts.revision;
  if (!isCurrent && (await someLackToken(replica, request.observations, facts))) return { kind: 'session-expired' };
  const { clock } = await replica.store.state();
  const leaseEpoch = epochOf(facts.record, request.leaseEpoch);
  if (clock !== undefined && Math.min(leaseEpoch, epochOf(facts.record, session.leaseEpoch)) < clock.bridgeEpoch) return { kind: 'lower-epoch' };

  // By place and not by key: an object that stands twice has two answers.
  const refusals = new Map<number, ObservationResult>();
  const admitted: Observation[] = [];
  for (const [at, observation] of request.observations.entries()) {
    const refusal = await refuse(replica, settings, facts, observation);
    if (refusal === undefined && !admitted.some(({ key }) => key === observation.key)) admitted.push(observation);
    else refusals.set(at, refusal ?? refused(observation.key, 'Invalid', 'the object stands twice in one commit'));
  }
  let committed: readonly ObservationResult[];
  try {
    const verdicts = await judgeObservations(replica, admitted, facts);
    committed = await commitAdmitted(replica, { requestId: request.requestId, leaseEpoch }, facts, verdicts, admitted);
  } catch (error) {
    if (error instanceof LowerEpochError) return { kind: 'lower-epoch' };
    throw error;
  }
  const results = new Map(committed.map((result) => [result.key, result]));
  for (const { key, resourceVersion, state } of admitted) if (results.get(key)?.outcome === 'committed') replica.logger.debug('edit-committed', { key, resourceVersion, state: state.kind });
  await noteOwn(replica, facts, admitted.filter(({ key, state }) => state.kind === 'live' && results.get(key)?.outcome === 'unchanged'));
  const answers = request.observations.map(({ key }, at) => refusals.get(at) ?? results.get(key) ?? refused(key, 'Invalid', 'no result'));
  return { kind: 'done', results: await withoutWithheldTargets(replica, facts, answers) };
}

/** What is committed says so itself. */
async function noteOwn(replica: Replica, facts: CallingCluster, unchanged: readonly Observation[]): Promise<void> {
  const tokenless = [];
  for (const observation of unchanged) if ((await tokenOf(replica, observation, facts.record)) === undefined) tokenless.push(observation);
  if (tokenless.length > 0) await noteOwnObjects(replica, facts, tokenless, await replica.store.rows(tokenless.map(({ key }) => key)));
}

async function someLackToken(replica: Replica, observations: readonly Observation[], facts: CallingCluster): Promise<boolean> {
  for (const observation of observations) if ((await tokenOf(replica, observation, facts.record)) === undefined) return true;
  return false;
}

const refused = (key: ResourceKey, reason: Extract<ObservationResult, { outcome: 'refused' }>['reason'], message: string): ObservationResult =>
  ({ key, outcome: 'refused', reason, message, target: undefined });

/** What no reading of the row could change. */
async function refuse(replica: Replica, settings: Settings, facts: CallingCluster, observation: Observation): Promise<ObservationResult | undefined> {
  const { key } = observation;
  if (settings.spec === undefined) return refused(key, 'Paused', 'this region has no federation spec yet: apply a NovaEdgeFederation in its cluster');
  if (settings.paused) return refused(key, 'Paused', 'the federation is paused at this member; set spec.paused to false');
  try {
    parseResourceKey(key);
  } catch (error) {
    return refused(key, 'Invalid', error instanceof Error ? error.message : String(error));
  }
  if (!passesFilter(filterInForce(settings), splitKey(key))) return refused(key, 'NotFederated', 'its kind or namespace is not federated: see spec.sync.resourceTypes and excludeNamespaces');
  if (observation.state.kind === 'live') {
    const problem = contentProblem(key, observation.state.content, filterInForce(settings).ownershipMarks);
    if (problem !== undefined) return refused(key, 'Invalid', problem);
  }
  return isSpoke(replica, settings) ? answerAtSpoke(replica, observation, facts) : undefined;
}

function contentProblem(key: ResourceKey, text: string, marks: readonly string[]): string | undefined {
  let content: JsonObject;
  try {
    content = parseContent(text);
  } catch (error) {
    if (error instanceof ContentError) return error.message;
    throw error;
  }
  const { group, kind } = splitKey(key);
  if (content['kind'] !== kind) return `content.kind is ${JSON.stringify(content['kind'])}, the key says ${kind}`;
  if (typeof content['apiVersion'] !== 'string' || groupOf(content['apiVersion']) !== group) return `content.apiVersion does not match the group of the key (${group})`;
  if ('status' in content) return 'content.status: status is never federated';
  const metadata = content['metadata'];
  const extra = isObject(metadata) ? Object.keys(metadata).find((field) => field !== 'labels' && field !== 'annotations') : undefined;
  if (extra !== undefined) return `content.metadata.${extra}: of metadata only labels and annotations are federated`;
  const mark = localMarkIn(metadata, marks);
  return mark === undefined ? undefined : `content.metadata: ${mark} stays in its cluster; see spec.sync.ownershipMarks`;
}

/** The bridge goes by the list too, but may have an older one. */
function localMarkIn(metadata: Json | undefined, marks: readonly string[]): string | undefined {
  if (!isObject(metadata)) return undefined;
  const names = [metadata['labels'], metadata['annotations']].flatMap((field) => (isObject(field) ? Object.keys(field) : []));
  return names.find((name) => isLocalMark(name, marks));
}

/** Commits, leaving out one by one the objects that are too large; where only all of them together are, in halves. */
async function commitAdmitted(replica: Replica, options: CommitOptions, facts: CallingCluster, verdicts: Verdicts, admitted: readonly Observation[]): Promise<readonly ObservationResult[]> {
  const byKey = new Map(admitted.map((observation) => [observation.key, observation]));
  const tooLarge: ObservationResult[] = [];
  while (byKey.size > 0) {
    try {
      const answers = await commit<Observed>(replica, [...byKey.keys()], options,
        (key, row, state) => observeKey(replica, byKey, verdicts, key, row, state, facts));
      return [...tooLarge, ...(await Promise.all([...answers].map(([key, observed]) => resultOf(replica, byKey.get(key), key, observed, facts))))];
    } catch (error) {
      if (error instanceof TooLargeError && error.bytes > MAX_COMMIT_BYTES && byKey.size > 1) {
        const left = [...byKey.values()];
        const half = Math.ceil(left.length / 2);
        return [...tooLarge, ...(await commitAdmitted(replica, options, facts, verdicts, left.slice(0, half))), ...(await commitAdmitted(replica, options, facts, verdicts, left.slice(half)))];
      }
      if (error instanceof TooLargeError && byKey.delete(error.key)) { tooLarge.push(refused(error.key, 'TooLarge', error.message)); continue; }
      const reason = refusalOf(error);
      if (reason === undefined) throw error;
      return [...tooLarge, ...[...byKey.keys()].map((key) => refused(key, reason.reason, reason.message))];
    }
  }
  return tooLarge;
}

function observeKey(replica: Replica, byKey: ReadonlyMap<ResourceKey, Observation>, verdicts: Verdicts, key: ResourceKey, row: HeldRow | undefined, state: RegionState, facts: CallingCluster): Promise<Decision<Observed>> {
  const observation = byKey.get(key);
  if (observation === undefined) throw new RangeError(`${key} was not observed`);
  return observeGuarded(replica, observation, verdicts, row, state, facts);
}

function refusalOf(error: unknown): { readonly reason: 'Fenced' | 'Paused' | 'Recovering' | 'Busy'; readonly message: string } | undefined {
  if (!(error instanceof ReplicaError)) return undefined;
  const { code, message } = error;
  if (code === 'left') return { reason: 'Paused', message };
  if (code === 'fenced') return { reason: 'Fenced', message };
  if (code === 'recovering' || code === 'initializing') return { reason: 'Recovering', message };
  return code === 'busy' ? { reason: 'Busy', message } : undefined;
}

async function resultOf(replica: Replica, observation: Observation | undefined, key: ResourceKey, observed: Observed, facts: CallingCluster): Promise<ObservationResult> {
  if (observed.kind === 'refused') return refused(key, observed.reason, observed.message);
  const here = observation?.state.kind === 'live' ? contentOf(observation.state.content).hash : undefined;
  // What was observed is what the cluster holds, so it is what the target may be put onto.
  const target = await targetAfter(replica, key, observed.row, facts.record.clusterId, { hash: here });
  switch (observed.kind) {
    case 'written': return { key, outcome: 'committed', dot: observed.sibling.dot, target };
    case 'unchanged': return { key, outcome: 'unchanged', target };
    case 'show': return { key, outcome: 'refused', reason: 'NotApplied', message: 'the federation has a newer state than the cluster', target };
  }
}
