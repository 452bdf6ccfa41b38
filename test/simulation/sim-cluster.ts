import { canonicalContent } from '../../shared/model/content.ts';
import { asHash } from '../../shared/model/ids.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { ClusterId, Hash, ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { Observation, ObservationResult, Target } from '../../shared/ports/region.ts';
import type { Checks } from './checks.ts';
import { nobody } from './oracle.ts';
import type { WriteId } from './oracle.ts';

/** An object as it stands in the cluster. The last three are for the oracle. */
export interface ClusterObject {
  readonly uid: string;
  readonly resourceVersion: number;
  readonly content: string;
  readonly hash: Hash;
  readonly token: string | undefined;
  /** What its last editor could see. */
  readonly knows: ReadonlySet<WriteId>;
  readonly hasOwnToken: boolean;
  /** What was changed since which version was shown; undefined where that cannot be told. */
  readonly edits: Edits | undefined;
}
export interface Edits { readonly of: Hash; readonly changes: ReadonlyMap<string, string> }

/** What somebody started from who made an object where none was ever shown. */
export const NOTHING = asHash('nothing');

/** The fields that users write. */
export const FIELDS = ['x', 'y', 'z'];

/** A copy of an object that somebody kept, and the cluster it was taken from. */
export interface KeptCopy { readonly key: ResourceKey; readonly object: ClusterObject; readonly from: ClusterId }

/** What the author of an edit had been shown: exactly, where a token or the region's record can tell it, else at most. */
export interface Author { readonly knows: ReadonlySet<WriteId>; readonly isExact: boolean; readonly edits: Edits | undefined }

/** A region that lost its record takes any object with a token of its own for one it has shown. */
export const ANYTHING = asHash('anything');

/** What a cluster shares with the world around it. */
export interface ClusterWorld {
  readonly checks: Checks;
  readonly log: (line: string) => void;
  /** What a target shows, as far as the oracle knows. */
  readonly knowsOf: (target: Target) => ReadonlySet<WriteId>;
  /** Whether what is shown of a resource has the fields of all its versions, and not those of one that was chosen. */
  readonly showsAll: (key: ResourceKey) => boolean;
}

/** A cluster, modelled: objects with resource versions, users who edit them, and what was ever displayed in it. */
export class SimCluster {
  id: ClusterId;
  readonly filter: Filter;
  readonly keys: readonly ResourceKey[];
  leaseEpoch = 1;
  objects = new Map<ResourceKey, ClusterObject>();
  /** All that was ever shown here of a resource. */
  readonly displayed = new Map<ResourceKey, ReadonlySet<WriteId>>();
  /** What the region has taken of a resource: an object that is neither this nor what the bridge wrote is an edit. */
  readonly taken = new Map<ResourceKey, Hash>();
  /** What the bridge wrote last. */
  readonly #written = new Map<ResourceKey, Hash>();
  /** What objects showed that users deleted, as far as the bridge still knows. */
  readonly #deleted = new Map<ResourceKey, ClusterObject>();
  readonly dirty = new Set<ResourceKey>();
  readonly #world: ClusterWorld;
  #version = 1000;

  constructor(id: ClusterId, keys: readonly ResourceKey[], filter: Filter, world: ClusterWorld) {
    this.id = id;
    this.keys = keys;
    this.filter = filter;
    this.#world = world;
  }

  get version(): string { return this.#version.toString(); }

  /** A user writes a field of an object, over what stands there. */
  userWrites(key: ResourceKey, field: string, value: string): void {
    const before = this.objects.get(key);
    const knows = before?.knows ?? this.displayed.get(key) ?? nobody;
    this.#edit(key, withField(key, before?.content, field, value), { token: before?.token, knows, hasOwnToken: before?.hasOwnToken ?? false, edits: andChanged(this.#editsSoFar(key, before), field, value) });
  }

  /** A user replaces an object by a plain manifest with a field changed: nothing tells any more what it was made from. */
  userReplaces(key: ResourceKey, field: string, value: string): void {
    const before = this.objects.get(key);
    this.#edit(key, withField(key, before?.content, field, value), { token: undefined, knows: this.displayed.get(key) ?? nobody, hasOwnToken: false, edits: undefined });
  }

  #editsSoFar(key: ResourceKey, before: ClusterObject | undefined): Edits | undefined {
    return before === undefined && !this.displayed.has(key) ? { of: NOTHING, changes: new Map() } : before?.edits;
  }

  userDeletes(key: ResourceKey): void {
    const before = this.objects.get(key);
    if (before === undefined) return;
    this.#world.log(`  ${nameOf(key)}: deleted, ${before.hash.slice(0, 8)}`);
    this.objects.delete(key);
    this.#deleted.set(key, before);
    this.#version += 1;
    this.dirty.add(key);
  }

  /** A user puts an older copy in place, token and all, with a field changed where one is given. From another cluster it is an edit of what stands here. */
  userPutsCopy({ key, object, from }: KeptCopy, change: { field: string; value: string } | undefined): void {
    const isOwn = from === this.id && object.hasOwnToken;
    const content = change === undefined ? object : withField(key, object.content, change.field, change.value);
    const edits = !isOwn || change === undefined ? object.edits : andChanged(object.edits, change.field, change.value);
    this.#edit(key, content, { token: object.token, knows: isOwn ? object.knows : (this.displayed.get(key) ?? nobody), hasOwnToken: isOwn, edits: isOwn ? edits : undefined });
  }

  #edit(key: ResourceKey, content: Pick<ClusterObject, 'content' | 'hash'>, author: Pick<ClusterObject, 'token' | 'knows' | 'hasOwnToken' | 'edits'>): void {
    const here = this.objects.get(key);
    this.#world.log(`  ${nameOf(key)}: ${here?.hash.slice(0, 8) ?? 'nothing'} edited to ${content.hash.slice(0, 8)}, by one who knew [${[...author.knows].join(' ')}]`);
    this.#put(key, { content: content.content, hash: content.hash, ...author, uid: here?.uid });
    this.dirty.add(key);
  }

  /** The cluster is built anew under another ID, empty or with what it had (tokens of the old cluster included). */
  rebuild(id: ClusterId, keep: boolean): void {
    this.id = id;
    this.leaseEpoch = 1;
    for (const memory of [this.displayed, this.taken, this.#written, this.#deleted, this.dirty]) memory.clear();
    const old = keep ? this.objects : new Map<ResourceKey, ClusterObject>();
    this.objects = new Map();
    for (const [key, object] of old) this.#put(key, { ...object, knows: nobody, hasOwnToken: false, edits: undefined, uid: undefined });
  }

  /** Another bridge takes over: it knows nothing but what stands in the cluster. */
  forgetInMemory(): void {
    this.dirty.clear();
    this.#deleted.clear();
  }

  #put(key: ResourceKey, object: Omit<ClusterObject, 'resourceVersion' | 'uid'> & { readonly uid: string | undefined }): void {
    this.#version += 1;
    this.#deleted.delete(key);
    this.objects.set(key, { ...object, uid: object.uid ?? `uid-${this.#version.toString()}`, resourceVersion: this.#version });
  }

  authorOf(key: ResourceKey): Author {
    const object = this.objects.get(key) ?? this.#deleted.get(key);
    return object?.hasOwnToken === true || this.objects.has(key)
      ? { knows: object?.knows ?? nobody, isExact: object?.hasOwnToken === true, edits: this.objects.get(key)?.edits }
      : { knows: this.displayed.get(key) ?? nobody, isExact: false, edits: undefined };
  }

  observe(key: ResourceKey): Observation {
    const object = this.objects.get(key);
    if (object === undefined) return { key, uid: '', resourceVersion: this.version, token: this.#deleted.get(key)?.token, state: { kind: 'gone', confirmed: true } };
    return { key, uid: object.uid, resourceVersion: object.resourceVersion.toString(), token: object.token, state: { kind: 'live', content: object.content } };
  }

  /**
   * Takes note of the answer to an observation: shows what it says, if the object is still the one observed.
   *
   * @param recorded what the region's record said was shown here when it answered
   */
  settle(observation: Observation, result: ObservationResult, recorded: ReadonlySet<Hash>): void {
    this.#world.log(`  ${nameOf(result.key)}: ${result.outcome}${result.outcome === 'refused' ? ` ${result.reason}` : ''}`);
    const isStill = this.#isAsObserved(observation);
    if (!isStill || (result.outcome === 'refused' && result.reason !== 'NotApplied')) return;
    if (result.outcome === 'unchanged') this.#requireNoEdit(result.key, result.target, recorded);
    this.dirty.delete(result.key);
    if (result.target !== undefined) this.show(result.target);
  }

  /**
   * What a user wrote is taken before anything is put over it, unless it says what was shown here anyway. The region knows of what
   * was shown only when it is told: until then an old copy looks like an object that was not brought up to date yet.
   */
  #requireNoEdit(key: ResourceKey, target: Target | undefined, recorded: ReadonlySet<Hash>): void {
    const here = this.objects.get(key);
    if (here === undefined || target === undefined || (target.show.kind === 'live' && target.show.hash === here.hash)) return;
    const isKnown = here.hash === this.taken.get(key) || here.hash === this.#written.get(key) || recorded.has(here.hash) || (here.hasOwnToken && recorded.has(ANYTHING));
    this.#world.checks.require(3, isKnown, () => `${this.id} ${key}: an edit was taken for an echo, and overwritten`);
  }

  #isAsObserved({ key, resourceVersion, state }: Observation): boolean {
    const object = this.objects.get(key);
    return object === undefined ? state.kind === 'gone' : object.resourceVersion.toString() === resourceVersion;
  }

  /** Shows a target, if the cluster holds what the region thinks it does; otherwise there is an edit to commit first. */
  show(target: Target): 'shown' | 'dirty' {
    const { key, show, before } = target;
    const here = this.objects.get(key);
    const isExpected = here === undefined || here.hash === (before.kind === 'live' ? before.hash : undefined) || (show.kind === 'live' && here.hash === show.hash);
    const mayCreate = here !== undefined || show.kind === 'gone' || before.kind === 'nothing';
    if (!isExpected || !mayCreate) {
      this.dirty.add(key);
      return 'dirty';
    }
    this.#world.log(`  ${nameOf(key)}: shown ${show.kind === 'live' ? show.hash.slice(0, 8) : 'gone'}`);
    if (show.kind === 'live') {
      this.#put(key, { content: show.content, hash: show.hash, token: show.token, knows: this.#world.knowsOf(target), hasOwnToken: true, edits: this.#world.showsAll(key) ? { of: show.hash, changes: new Map() } : undefined, uid: here?.uid });
      this.#written.set(key, show.hash);
    } else this.objects.delete(key);
    this.display(target);
    return 'shown';
  }

  display(target: Target): void {
    this.displayed.set(target.key, new Set([...(this.displayed.get(target.key) ?? nobody), ...this.#world.knowsOf(target)]));
  }

}

function withField(key: ResourceKey, content: string | undefined, field: string, value: string): { content: string; hash: Hash } {
  const old = content === undefined ? {} : (JSON.parse(content) as { spec?: Record<string, string> });
  const { text, hash } = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: splitKey(key).kind, spec: { ...old.spec, [field]: value } });
  return { content: text, hash };
}

const andChanged = (edits: Edits | undefined, field: string, value: string): Edits | undefined => edits && { of: edits.of, changes: new Map(edits.changes).set(field, value) };

/** The last part of a key, for a trace. */
export const nameOf = (key: ResourceKey): string => splitKey(key).name;
