import { isSameFilter, passesFilter } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { HeldRow } from '../model/row.ts';
import { ReplicaError } from '../ports/errors.ts';
import { splitKey } from '../model/resource-key.ts';
import { sealSession } from '../model/token.ts';
import { sameVector } from '../model/version-vector.ts';
import type { Page } from '../ports/peer.ts';
import { MAX_PULL_WAIT_MS } from '../ports/region.ts';
import type { BridgeIdentity, BridgePullRequest, BridgePullResponse, Target } from '../ports/region.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { callingCluster } from './cluster-identity.ts';
import { answerPull } from './pages.ts';
import { filterInForce } from './policy.ts';
import { positionOf } from './position.ts';
import { quietForMs } from './quiet.ts';
import type { Replica } from './replica.ts';
import { regionSecret } from './secret.ts';
import { loadSettings } from './settings.ts';
import { withoutWithheld } from './withhold.ts';
import { targetFor } from './targets.ts';
import { putException } from './bridge-record.ts';

/** Log entries in one answer at most, whatever is asked for. */
const MAX_LIMIT = 1000;

/** What the cluster is to show of what changed since it last pulled, waiting a little when nothing did. */
export async function pullTargets(replica: Replica, request: BridgePullRequest, signal: AbortSignal): Promise<BridgePullResponse> {
  const deadlineMs = replica.clock.nowMs() + Math.min(request.waitMs, MAX_PULL_WAIT_MS);
  await waitWhileQuiet(replica, request, signal);
  const facts = await callingCluster(replica, request);
  const session = await sessionFor(replica, request, facts.revision);
  for (;;) {
    const armed = replica.wakeups.arm();
    const filter = filterInForce(await loadSettings(replica));
    const isCompared = facts.record.filter !== undefined && isSameFilter(facts.record.filter, filter);
    const page = isCompared ? await answerPull(replica, request.since ?? facts.record.applied, Math.min(request.limit, MAX_LIMIT), 'local') : undefined;
    if (page?.kind !== 'page') return { session, kind: 'compacted', targets: [], upTo: positionOf(await replica.store.state()), more: false };
    const waitMs = deadlineMs - replica.clock.nowMs();
    if (!sameVector(page.upTo, page.since) || waitMs <= 0) return { session, kind: 'page', targets: await targetsOf(replica, page, facts), upTo: page.upTo, more: page.more };
    await armed.wait(waitMs, signal);
  }
}

/** A bridge that waits anyway need not have the first look at once: when the last one, a moment ago, found nothing, it waits for the next. */
async function waitWhileQuiet(replica: Replica, { since, waitMs }: BridgePullRequest, signal: AbortSignal): Promise<void> {
  const armed = replica.wakeups.arm();
  const quietMs = since === undefined ? 0 : quietForMs(replica, since, 'local');
  if (quietMs > 0 && waitMs >= quietMs) await armed.wait(quietMs, signal);
}

async function sessionFor(replica: Replica, { clusterId, leaseEpoch }: BridgeIdentity, revision: number): Promise<string> {
  return sealSession(await regionSecret(replica), replica.identity.federationId, { clusterId, leaseEpoch, issuedAtMs: replica.clock.nowMs(), recordRevision: revision });
}

async function targetsOf(replica: Replica, page: Page, facts: CallingCluster): Promise<readonly Target[]> {
  const filter = filterInForce(await loadSettings(replica));
  const keys = page.answers.map(({ key }) => key).filter((key) => passesFilter(filter, splitKey(key)));
  const rows = await replica.store.rows(keys);
  const targets = await Promise.all(keys.map((key) => targetOrException(replica, key, rows.get(key), facts)));
  return withoutWithheld(replica, facts, targets.filter((target) => target !== undefined));
}

/** A resource whose content is not here yet does not hold up the others: it is an exception until a comparison shows it. */
async function targetOrException(replica: Replica, key: ResourceKey, row: HeldRow | undefined, facts: CallingCluster): Promise<Target | undefined> {
  try {
    return await targetFor(replica, key, row, facts.record.clusterId, facts);
  } catch (error) {
    if (!(error instanceof ReplicaError) || error.code !== 'unavailable') throw error;
    await putException(replica, { key, kind: 'not-shown', reason: 'ContentMissing', message: error.message, sinceMs: replica.clock.nowMs() });
    return undefined;
  }
}
