import { canonicalContent } from '../../shared/model/content.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import { filterHashOf } from '../../shared/model/federated-part.ts';
import type { ClusterId, Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { VersionVector } from '../../shared/model/version-vector.ts';
import type { BridgeCommitRequest, Observation, ObservationResult, Region, Target } from '../../shared/ports/region.ts';
import type { WriteId } from './oracle.ts';
import { Violation } from './oracle.ts';

/** An object as it stands in the cluster. `knows` is what its last editor could see, for the oracle. */
export interface ClusterObject { readonly uid: string; readonly resourceVersion: number; readonly content: string; readonly hash: Hash; readonly token: string | undefined; readonly knows: ReadonlySet<WriteId>; readonly hasOwnToken: boolean }

/** A commit on its way, with what the authors of its edits had been shown. */
export interface SentCommit { readonly request: BridgeCommitRequest; readonly authors: ReadonlyMap<ResourceKey, Author> }

/** What the author of an edit had been shown: exactly, where a token or the region's record can tell it, else at most. */
export interface Author { readonly knows: ReadonlySet<WriteId>; readonly isExact: boolean }

const never = new AbortController().signal;
const nobody: ReadonlySet<WriteId> = new Set();

/**
 * A cluster and its bridge, modelled: objects with resource versions, users who edit them, and a bridge that follows the rules of
 * DESIGN §11 step by step. The region behind it is the real one.
 */
export class SimCluster {
  id: ClusterId;
  readonly filter: Filter;
  readonly keys: readonly ResourceKey[];
  leaseEpoch = 1;
  objects = new Map<ResourceKey, ClusterObject>();
  /** All that was ever shown here of a resource. */
  readonly displayed = new Map<ResourceKey, ReadonlySet<WriteId>>();
  /** What the region has taken of a resource, and what the bridge wrote last: an object that is neither is an edit. */
  readonly taken = new Map<ResourceKey, Hash>();
  readonly #written = new Map<ResourceKey, Set<Hash>>();
  /** What objects showed that users deleted. */
  readonly #deleted = new Map<ResourceKey, ClusterObject>();
  readonly dirty = new Set<ResourceKey>();
  readonly #knowsOf: (target: Target) => ReadonlySet<WriteId>;
  #version = 1000;
  #requests = 0;
  session: string | undefined;
  position: VersionVector | undefined;

  constructor(id: ClusterId, keys: readonly ResourceKey[], filter: Filter, knowsOf: (target: Target) => ReadonlySet<WriteId>) {
    this.id = id;
    this.keys = keys;
    this.filter = filter;
    this.#knowsOf = knowsOf;
  }

  /** A user writes an object over what stands there. */
  userWrites(key: ResourceKey, field: string, value: string): void {
    const before = this.objects.get(key);
    const old = before === undefined ? {} : (JSON.parse(before.content) as { spec?: Record<string, string> });
    const content = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: splitKey(key).kind, spec: { ...old.spec, [field]: value } });
    this.log(`  ${nameOf(key)}: ${before === undefined ? 'created' : 'edited'}, ${content.hash.slice(0, 8)}`);
    this.#put(key, { content: content.text, hash: content.hash, token: before?.token, knows: before?.knows ?? this.displayed.get(key) ?? nobody, hasOwnToken: before?.hasOwnToken ?? false, uid: before?.uid });
    this.dirty.add(key);
  }

  userDeletes(key: ResourceKey): void {
    const before = this.objects.get(key);
    if (before === undefined) return;
    this.log(`  ${nameOf(key)}: deleted, ${before.hash.slice(0, 8)}`);
    this.objects.delete(key);
    this.#deleted.set(key, before);
    this.#version += 1;
    this.dirty.add(key);
  }

  /** A user puts back an older copy, its token included. From another cluster it is an edit of what stands here. */
  userRestores(key: ResourceKey, copy: ClusterObject, isOwn: boolean): void {
    const here = this.objects.get(key);
    this.log(`  ${nameOf(key)}: restored ${copy.hash.slice(0, 8)} over ${here?.hash.slice(0, 8) ?? 'nothing'}, ${isOwn ? 'own' : 'foreign'}, knew [${[...copy.knows].join(' ')}]`);
    this.#put(key, { ...copy, knows: isOwn && copy.hasOwnToken ? copy.knows : (this.displayed.get(key) ?? nobody), hasOwnToken: isOwn && copy.hasOwnToken, uid: here?.uid });
    this.dirty.add(key);
  }

  /** The cluster is built anew under another ID, empty or with what it had (tokens of the old cluster included). */
  rebuild(id: ClusterId, keep: boolean): void {
    this.id = id;
    this.session = undefined;
    this.position = undefined;
    this.displayed.clear();
    this.taken.clear();
    this.#written.clear();
    this.#deleted.clear();
    const old = keep ? this.objects : new Map<ResourceKey, ClusterObject>();
    this.objects = new Map();
    for (const [key, object] of old) this.#put(key, { ...object, knows: nobody, hasOwnToken: false, uid: undefined });
    this.dirty.clear();
  }

  #put(key: ResourceKey, object: Omit<ClusterObject, 'resourceVersion' | 'uid'> & { readonly uid: string | undefined }): void {
    this.#version += 1;
    this.#deleted.delete(key);
    this.objects.set(key, { ...object, uid: object.uid ?? `uid-${this.#version.toString()}`, resourceVersion: this.#version });
  }

  #identity(): { clusterId: ClusterId; leaseEpoch: number } { return { clusterId: this.id, leaseEpoch: this.leaseEpoch }; }

  /** The commit a bridge would send for what is dirty now. */
  prepareCommit(keys: readonly ResourceKey[]): SentCommit | undefined {
    if (this.session === undefined || keys.length === 0) return undefined;
    this.#requests += 1;
    const authors = new Map(keys.map((key) => [key, this.#authorOf(key)]));
    const request = { ...this.#identity(), session: this.session, requestId: `${this.id}-${this.#requests.toString()}`, observations: keys.map((key) => this.observe(key)) };
    return { request, authors };
  }

  #authorOf(key: ResourceKey): Author {
    const object = this.objects.get(key);
    if (object !== undefined) return { knows: object.knows, isExact: object.hasOwnToken };
    const last = this.#deleted.get(key);
    return last?.hasOwnToken === true ? { knows: last.knows, isExact: true } : { knows: this.displayed.get(key) ?? nobody, isExact: false };
  }

  observe(key: ResourceKey): Observation {
    const object = this.objects.get(key);
    if (object === undefined) return { key, uid: '', resourceVersion: this.#version.toString(), token: this.#deleted.get(key)?.token, state: { kind: 'gone', confirmed: true } };
    return { key, uid: object.uid, resourceVersion: object.resourceVersion.toString(), token: object.token, state: { kind: 'live', content: object.content } };
  }

  /** Deals with the answer of a commit: each result says what to show now. */
  settle(sent: SentCommit, results: readonly ObservationResult[]): void {
    for (const result of results) {
      this.log(`  ${nameOf(result.key)}: ${result.outcome}${result.outcome === 'refused' ? ` ${result.reason}` : ''}`);
      const observation = sent.request.observations.find(({ key }) => key === result.key);
      const isStill = observation !== undefined && this.#isAsObserved(observation);
      if (result.outcome === 'refused' && result.reason !== 'NotApplied') continue;
      if (isStill && result.outcome === 'unchanged') this.#requireNoEdit(result.key, result.target);
      if (isStill) this.dirty.delete(result.key);
      if (result.target !== undefined && isStill) this.show(result.target);
    }
  }

  /** What a user wrote is taken before anything is put over it, unless it says what was shown here anyway. */
  #requireNoEdit(key: ResourceKey, target: Target | undefined): void {
    const here = this.objects.get(key);
    if (here === undefined || target === undefined || (target.show.kind === 'live' && target.show.hash === here.hash)) return;
    const known = here.hash === this.taken.get(key) || this.#written.get(key)?.has(here.hash) === true;
    if (!known) throw new Violation(3, `${this.id} ${key}: an edit was taken for an echo, and overwritten`);
  }

  #isAsObserved({ key, resourceVersion, state }: Observation): boolean {
    const object = this.objects.get(key);
    return object === undefined ? state.kind === 'gone' : object.resourceVersion.toString() === resourceVersion;
  }

  /** Shows a target, if the cluster holds what the region thinks it does; otherwise there is an edit to commit first. */
  show(target: Target): 'shown' | 'dirty' {
    const here = this.objects.get(target.key);
    const expected = target.before.kind === 'live' ? target.before.hash : undefined;
    if (target.show.kind === 'live') {
      if (here?.hash !== target.show.hash && here?.hash !== expected) return this.#note(target.key);
      const { content, hash, token } = target.show;
      this.#put(target.key, { content, hash, token, knows: this.#knowsOf(target), hasOwnToken: true, uid: here?.uid });
      this.#written.set(target.key, new Set([hash]));
    } else {
      if (here !== undefined && here.hash !== expected) return this.#note(target.key);
      this.objects.delete(target.key);
    }
    this.log(`  ${nameOf(target.key)}: shown ${target.show.kind === 'live' ? target.show.hash.slice(0, 8) : 'gone'}, knows [${[...this.#knowsOf(target)].join(' ')}]`);
    this.#display(target);
    return 'shown';
  }

  #display(target: Target): void {
    this.displayed.set(target.key, new Set([...(this.displayed.get(target.key) ?? []), ...this.#knowsOf(target)]));
  }

  #note(key: ResourceKey): 'dirty' {
    this.dirty.add(key);
    return 'dirty';
  }

  /** One round of the bridge: pull, show, compare when told to, commit what is dirty, report. */
  async pullAndShow(region: Region, limit: number): Promise<'page' | 'compacted'> {
    const answer = await region.pull({ ...this.#identity(), since: this.position, limit, waitMs: 0 }, never);
    this.session = answer.session;
    if (answer.kind === 'compacted') {
      await this.#compareAll(region, answer.upTo);
      return 'compacted';
    }
    const exceptions = answer.targets.filter((target) => this.show(target) === 'dirty');
    if (exceptions.length > 0) await this.commitDirty(region, (sent) => sent);
    // What could not be committed first stays an exception until it is; here every round tries again.
    const left = exceptions.filter(({ key }) => this.dirty.has(key));
    if (left.length > 0) return 'page';
    await this.#report(region, answer.upTo, undefined);
    this.position = answer.upTo;
    return 'page';
  }

  async #report(region: Region, applied: VersionVector, listed: string | undefined): Promise<void> {
    await region.reportApplied({ ...this.#identity(), applied, exceptions: [], cleared: [], listResourceVersion: listed, filterHash: listed === undefined ? undefined : filterHashOf(this.filter) }, never);
  }

  async #compareAll(region: Region, upTo: VersionVector): Promise<void> {
    let after: ResourceKey | undefined;
    const listed = this.#version.toString();
    const all = [...this.objects.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
    do {
      const from = after;
      const objects = all.filter(([key]) => from === undefined || key > from).map(([key, { uid, resourceVersion, hash, token }]) => ({ key, uid, resourceVersion: resourceVersion.toString(), hash, token }));
      const answer = await region.compare({ ...this.#identity(), after, upTo: undefined, listResourceVersion: listed, objects }, never);
      for (const target of answer.apply) this.show(target);
      for (const key of answer.send) this.dirty.add(key);
      // Of what is said nothing and is not here, the region knows that it is not here.
      for (const key of this.keys) if (!this.objects.has(key) && !answer.apply.some((target) => target.key === key)) this.#display({ key, show: { kind: 'gone' }, before: { kind: 'nothing' } });
      after = answer.readTo;
    } while (after !== undefined);
    await this.commitDirty(region, (sent) => sent);
    if (this.dirty.size > 0) return;
    await this.#report(region, upTo, listed);
    this.position = upTo;
  }

  /** Sends everything dirty; `through` sees the commit before it goes. */
  async commitDirty(region: Region, through: (sent: SentCommit) => SentCommit): Promise<void> {
    const sent = this.prepareCommit([...this.dirty]);
    if (sent === undefined) return;
    const answer = await this.send(region, through(sent));
    if (answer !== undefined) this.settle(sent, answer);
  }

  onSend: (sent: SentCommit | undefined) => void = () => undefined;
  log: (line: string) => void = () => undefined;

  async send(region: Region, sent: SentCommit): Promise<readonly ObservationResult[] | undefined> {
    this.onSend(sent);
    try {
      const answer = await region.commit(sent.request, never);
      if (answer.kind === 'done') return answer.results;
      this.session = undefined;
      return undefined;
    } finally {
      this.onSend(undefined);
    }
  }
}

/** The last part of a key, for a trace. */
export const nameOf = (key: ResourceKey): string => splitKey(key).name;
