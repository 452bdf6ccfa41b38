import { filterHashOf } from '../../shared/model/federated-part.ts';
import type { ClusterId, Hash, ResourceKey } from '../../shared/model/ids.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { BridgeCommitRequest, BridgeCommitResponse, ExceptionKind, Region } from '../../shared/ports/region.ts';
import type { Author, SimCluster } from './sim-cluster.ts';

/** A commit on its way, with what the authors of its edits had been shown. */
export interface SentCommit { readonly request: BridgeCommitRequest; readonly authors: ReadonlyMap<ResourceKey, Author> }

/** Carries out a commit so that what it writes is known to be of it, and tells what the region's record said of its objects. */
export type Witnessed = (sent: SentCommit, carryOut: () => Promise<BridgeCommitResponse>) => Promise<{ readonly answer: BridgeCommitResponse; readonly recorded: ReadonlyMap<ResourceKey, ReadonlySet<Hash>> }>;

const never = new AbortController().signal;

/** The bridge of a cluster, modelled: it follows the rules of DESIGN §11 step by step. The region behind it is the real one. */
export class SimBridge {
  readonly #cluster: SimCluster;
  readonly #region: Region;
  readonly #witnessed: Witnessed;
  readonly #exceptions = new Set<ResourceKey>();
  #session: string | undefined;
  #position: VersionVector | undefined;
  #requests = 0;

  constructor(cluster: SimCluster, region: Region, witnessed: Witnessed) {
    this.#cluster = cluster;
    this.#region = region;
    this.#witnessed = witnessed;
  }

  /** Another bridge takes over, with a higher lease; or the cluster is another one. */
  startAnew(): void {
    this.#session = undefined;
    this.#position = undefined;
    this.#exceptions.clear();
    this.#cluster.forgetInMemory();
  }

  #identity(): { clusterId: ClusterId; leaseEpoch: number } { return { clusterId: this.#cluster.id, leaseEpoch: this.#cluster.leaseEpoch }; }

  /** The commit a bridge would send for what is dirty now. */
  prepareCommit(): SentCommit | undefined {
    const keys = [...this.#cluster.dirty];
    if (this.#session === undefined || keys.length === 0) return undefined;
    this.#requests += 1;
    return {
      request: { ...this.#identity(), session: this.#session, requestId: `${this.#cluster.id}-${this.#requests.toString()}`, observations: keys.map((key) => this.#cluster.observe(key)) },
      authors: new Map(keys.map((key) => [key, this.#cluster.authorOf(key)])),
    };
  }

  /** One turn of following: pull, show, commit first what was edited, report; a comparison of everything at first, and when told to. */
  async pullAndShow(limit: number): Promise<'page' | 'compacted'> {
    const answer = await this.#region.pull({ ...this.#identity(), since: this.#position, limit, waitMs: 0 }, never);
    this.#session = answer.session;
    if (answer.kind === 'compacted' || this.#position === undefined) {
      await this.#compareAll(answer.upTo);
      return 'compacted';
    }
    const edited = answer.targets.filter((target) => this.#cluster.show(target) === 'dirty').map(({ key }) => key);
    if (edited.length > 0) await this.commitDirty();
    await this.#report(answer.upTo, new Map(edited.filter((key) => this.#cluster.dirty.has(key)).map((key) => [key, 'not-shown'])), undefined);
    return 'page';
  }

  /** Everything up to here was shown but what is still to be sent, which is listed as an exception until it is. */
  async #report(upTo: VersionVector, unsettled: ReadonlyMap<ResourceKey, ExceptionKind>, listed: string | undefined): Promise<void> {
    const cleared = [...this.#exceptions].filter((key) => !this.#cluster.dirty.has(key));
    for (const key of unsettled.keys()) this.#exceptions.add(key);
    await this.#region.reportApplied({
      ...this.#identity(), applied: upTo, exceptions: [...unsettled].map(([key, kind]) => ({ key, kind, reason: 'Unavailable', message: 'could not be sent' })), cleared,
      listResourceVersion: listed, filterHash: listed === undefined ? undefined : filterHashOf(this.#cluster.filter),
    }, never);
    for (const key of cleared) this.#exceptions.delete(key);
    this.#position = upTo;
  }

  async #compareAll(upTo: VersionVector): Promise<void> {
    const cluster = this.#cluster;
    const listed = cluster.version;
    const all = [...cluster.objects.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    const unshown = new Set<ResourceKey>();
    let after: ResourceKey | undefined;
    do {
      const from = after;
      const objects = all.filter(([key]) => from === undefined || key > from).map(([key, { uid, resourceVersion, hash, token }]) => ({ key, uid, resourceVersion: resourceVersion.toString(), hash, token }));
      const answer = await this.#region.compare({ ...this.#identity(), after, upTo: undefined, listResourceVersion: listed, objects }, never);
      for (const target of answer.apply) if (cluster.show(target) === 'dirty') unshown.add(target.key);
      for (const key of answer.send) cluster.dirty.add(key);
      // The region may remember exceptions that this bridge does not know of: what is settled is no exception.
      for (const key of [...answer.apply.map((target) => target.key), ...answer.send]) this.#exceptions.add(key);
      // Of what is said nothing and is not here, the region knows that it is not here.
      for (const key of cluster.keys) if (!cluster.objects.has(key) && !answer.apply.some((target) => target.key === key)) cluster.display({ key, show: { kind: 'gone' }, before: { kind: 'nothing' } });
      after = answer.readTo;
    } while (after !== undefined);
    await this.commitDirty();
    await this.#report(upTo, new Map([...cluster.dirty].map((key) => [key, unshown.has(key) ? 'not-shown' : 'not-sent'])), listed);
  }

  /** Sends everything dirty. */
  async commitDirty(): Promise<void> {
    const sent = this.prepareCommit();
    if (sent !== undefined) await this.send(sent);
  }

  /** Sends a commit, now or late, and takes note of the answer. */
  async send(sent: SentCommit): Promise<void> {
    const { answer, recorded } = await this.#witnessed(sent, () => this.#region.commit(sent.request, never));
    if (answer.kind !== 'done') {
      this.#session = undefined;
      return;
    }
    if (sent.request.clusterId !== this.#cluster.id) return; // the cluster it was sent for is no more
    for (const result of answer.results) {
      const observation = sent.request.observations.find(({ key }) => key === result.key);
      if (observation !== undefined) this.#cluster.settle(observation, result, recorded.get(result.key) ?? new Set());
    }
  }
}
