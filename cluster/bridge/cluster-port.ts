import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import type { Content } from '../../shared/model/content.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import type { BridgeIdentity, ListedObject } from '../../shared/ports/region.ts';

/** One version of one object. A write that names it is done on that version or not at all. */
export interface ObjectVersion {
  /** Another object of the same name has another one. */
  readonly uid: string;
  /** A decimal number that only rises in the cluster. */
  readonly resourceVersion: string;
}

/** An object as the cluster has it now: of the object, only what is federated, with the token it carries. */
export interface ClusterObject extends ObjectVersion {
  readonly key: ResourceKey;
  readonly content: Content;
  readonly token: string | undefined;
  /** Who wrote the object last, by the name it gives itself (a field manager); undefined where the cluster keeps none. */
  readonly lastWriter?: string | undefined;
}

/**
 * What an uncached look found. `gone` is said only where the object can be looked for: the kind is served, neither its definition nor
 * the namespace is going, and the object itself answered "not found". Everything less certain is `unknown`, with a reason that
 * people see: `Terminating`, `KindNotServed`, `NamespaceMissing`, `Unparsable`, `Duplicate`, `OwnedLocally`, …
 */
export type ReadResult =
  | { readonly kind: 'live'; readonly object: ClusterObject }
  /**
   * `uid` and `token` are those of the object last seen under this name, where that is known; the uid is empty otherwise. `confirmed`:
   * the cluster vouches that the object itself was deleted, and not what it lived in and has been made again since; else it comes back.
   */
  | ({ readonly kind: 'gone'; readonly confirmed: boolean; readonly token: string | undefined } & ObjectVersion)
  /**
   * `absent`: the object is not there for as long as this lasts, by no will of anybody who deleted it. `isCreatable`: writing an object
   * that was never here would make what is missing.
   */
  | { readonly kind: 'unknown'; readonly absent?: boolean; readonly isCreatable?: boolean; readonly reason: string; readonly message: string };

export interface WriteRequest {
  readonly key: ResourceKey;
  /** Canonical text, as its origin made it. */
  readonly content: string;
  readonly hash: Hash;
  readonly token: string;
  /** Undefined: create; there must be no such object. */
  readonly replaces: ObjectVersion | undefined;
}

/** What became of a write, token write or delete. */
export type WriteOutcome =
  /** `hash` is that of the federated part as it is stored now, where the cluster reshaped it. */
  | { readonly kind: 'ok'; readonly hash?: Hash }
  /** The object is not at that version any more: read it again. */
  | { readonly kind: 'conflict' }
  /** The cluster does not take it: admission, missing namespace, kind not served, an unreadable file. */
  | { readonly kind: 'refused'; readonly reason: string; readonly message: string };

/** As Kubernetes has them: `Warning` asks for somebody to look. */
export type EventType = 'Normal' | 'Warning';

/** A complete and uncached list: pages in key order, each object once, of the objects that pass the filter. */
export interface Listing {
  readonly resourceVersion: string;
  readonly pages: AsyncIterable<readonly ListedObject[]>;
}

/** The NovaEdgeFederation object of the cluster. */
export type FederationObject =
  | { readonly kind: 'live'; readonly manifest: string; readonly generation: number; readonly schemaGaps: readonly string[] }
  | { readonly kind: 'gone'; readonly generation: number }
  /** Not readable now: what was last read stays in force. */
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

export type ClusterChange =
  | { readonly kind: 'changed'; readonly keys: readonly ResourceKey[] }
  /** Events were lost: list again. */
  | { readonly kind: 'relist'; readonly reason: string }
  | { readonly kind: 'federation' }
  | { readonly kind: 'problems' }
  /** The identity or what holds the cluster changed: everything is to be compared again. */
  | { readonly kind: 'condition' };

/** The cluster as such does not answer, or not now. What is wrong with one object is an outcome, not this. */
export class ClusterUnavailableError extends Error { override readonly name = 'ClusterUnavailableError' }

/** Something a person has to look at. With a key it belongs to one resource. */
export interface Problem {
  readonly key: ResourceKey | undefined;
  readonly reason: string;
  readonly message: string;
}

/**
 * A cluster, as a bridge uses it. Two adapters, one acceptance suite (`cluster-acceptance.ts`): Kubernetes and a directory of
 * manifests. Everything is uncached unless it says otherwise; every call passes on its signal.
 *
 * Every method may throw ClusterUnavailableError.
 *
 * `write` must be faithful: what it wrote, read back, has the hash that was asked for, or is `refused` before anything changed –
 * but for what the cluster does on its own (`reshapes`).
 */
export interface Cluster {
  /** Whether the cluster itself changes what is written (defaulting, pruning, conversion, mutating admission). */
  readonly reshapes: boolean;
  /**
   * Whether a `write` that creates is refused, or a conflict, wherever a `read` would have found something in the way. Then an object that
   * nobody has reason to expect is made without a look.
   */
  readonly createsUnseen: boolean;

  /** Who speaks for this cluster. Another cluster ID than before is a first contact. */
  identity(signal: AbortSignal): Promise<BridgeIdentity>;
  /** Why nothing may be told or written at present; for a person to mend. */
  held(): Problem | undefined;
  problems(): readonly Problem[];

  /**
   * Labels and annotations that stay in the cluster from now on, besides ours (`OWNERSHIP_MARKS` until this is called). Resolves once
   * what `list`, `read` and `watch` tell of objects, and what `write` leaves as it is, goes by this list.
   */
  keepLocal(marks: readonly string[], signal: AbortSignal): Promise<void>;

  list(filter: Filter, signal: AbortSignal): Promise<Listing>;
  /**
   * @param how `known`: a cluster may answer with what it last listed or told of a live object, instead of looking again. What is then done
   *   with the object is done on that version or not at all. `fresh` unless it is said.
   */
  read(key: ResourceKey, signal: AbortSignal, how?: 'fresh' | 'known'): Promise<ReadResult>;
  /**
   * Whether the last that was told of an object is the version that a write of ours left. False wherever that is not known; whatever
   * changes the object later is told later.
   */
  isAsLeft(key: ResourceKey): boolean;
  /** What this content would look like here, by dry run; undefined where the cluster does not say. Only called when it `reshapes`. */
  wouldHold(key: ResourceKey, content: string, signal: AbortSignal): Promise<Content | undefined>;

  write(request: WriteRequest, signal: AbortSignal): Promise<WriteOutcome>;
  /** Writes the token alone. */
  writeToken(key: ResourceKey, token: string, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome>;
  /** Marks the object as deleted by us where others could see the delete, then deletes it. Already gone is `ok`. */
  delete(key: ResourceKey, version: ObjectVersion, signal: AbortSignal): Promise<WriteOutcome>;

  /** Resolves once every later change will be told; a listener is called until the signal is aborted. */
  watch(listener: (change: ClusterChange) => void, signal: AbortSignal): Promise<void>;

  federation(signal: AbortSignal): Promise<FederationObject>;
  /** `status`: JSON text. */
  writeStatus(status: string, signal: AbortSignal): Promise<WriteOutcome>;
  /** Tells people of something that was done to an object, or could not be, as a Kubernetes Event does. Never fails. */
  event(key: ResourceKey, type: EventType, reason: string, message: string): void;
}
