import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Sibling } from '../../shared/model/row.ts';
import { dotKey } from '../../shared/model/version-vector.ts';

/** A write by its dot's name. */
export type WriteId = string;

interface KnownWrite { readonly id: WriteId; readonly key: ResourceKey; readonly knows: ReadonlySet<WriteId>; readonly deleted: boolean }

/**
 * What must come out of a run, told only what each writer was shown and which deletes were collected. It knows nothing of `seen`,
 * of contexts or of incarnations: a dot's name is to it no more than a name.
 */
export class Oracle {
  readonly #writes = new Map<WriteId, KnownWrite>();
  readonly #byKey = new Map<ResourceKey, KnownWrite[]>();
  readonly #uncertain = new Set<WriteId>();
  readonly #collected = new Map<ResourceKey, Set<WriteId>>();

  /** A write was made by somebody who had been shown these. */
  written(key: ResourceKey, sibling: Sibling, shown: ReadonlySet<WriteId>): void {
    const id = dotKey(sibling.dot);
    if (this.#writes.has(id)) throw new Violation(1, `dot ${id} was issued twice`);
    const knows = new Set([...this.closure(shown)].filter((other) => this.#writes.get(other)?.key === key));
    const write = { id, key, knows, deleted: sibling.body.kind === 'deleted' };
    this.#writes.set(id, write);
    this.#byKey.set(key, [...(this.#byKey.get(key) ?? []), write]);
  }

  /** A region dropped a row of deletes as collectable. */
  collected(key: ResourceKey, ids: Iterable<WriteId>): void {
    this.#collected.set(key, new Set([...(this.#collected.get(key) ?? []), ...this.closure(ids)]));
  }

  /** Whoever writes where a collected delete stood knows of it and all before it. */
  collectedAt(key: ResourceKey): ReadonlySet<WriteId> { return this.#collected.get(key) ?? new Set(); }

  /** The writes and all that their writers had been shown. */
  closure(ids: Iterable<WriteId>): Set<WriteId> {
    const all = new Set<WriteId>();
    for (const id of ids) {
      all.add(id);
      for (const known of this.#writes.get(id)?.knows ?? []) all.add(known);
    }
    return all;
  }

  get keys(): Iterable<ResourceKey> { return this.#byKey.keys(); }
  get count(): number { return this.#writes.size; }

  /** A table was restored from a backup; what stood nowhere else may be gone, and may come back from a token or a late page. */
  restored(elsewhere: ReadonlySet<WriteId>): void {
    for (const id of this.#writes.keys()) if (!elsewhere.has(id)) this.#uncertain.add(id);
  }

  /** Whether a restored backup may have lost a write for good. */
  isUncertain(id: WriteId): boolean { return this.#uncertain.has(id); }

  /**
   * The versions that must stand in the end: those no other writer had seen, less the collected deletes. What a restored backup
   * lost counts only if something that stands had seen it.
   */
  expected(key: ResourceKey, standing: Iterable<WriteId>): ReadonlySet<WriteId> {
    const known = this.closure(standing);
    const writes = (this.#byKey.get(key) ?? []).filter(({ id }) => known.has(id) || !this.#uncertain.has(id));
    const covered = new Set(writes.flatMap((write) => [...write.knows]));
    const gone = this.collectedAt(key);
    return new Set(writes.map(({ id }) => id).filter((id) => !covered.has(id) && !gone.has(id)));
  }

  isDelete(id: WriteId): boolean { return this.#writes.get(id)?.deleted ?? false; }

  /** Invariant 4: nothing that a present version's writer had seen, nor what was collected, may stand. */
  requireNoResurrection(where: string, key: ResourceKey, standing: readonly WriteId[]): void {
    for (const id of standing) {
      const slayer = standing.find((other) => other !== id && this.#writes.get(other)?.knows.has(id) === true);
      if (slayer !== undefined) throw new Violation(6, `${where} ${key}: ${id} stands beside ${slayer}, whose writer had seen it`);
    }
  }
}

/** An invariant of docs/spec.md that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation';
  readonly invariant: number;
  constructor(invariant: number, message: string) {
    super(`I${invariant.toString()}: ${message}`);
    this.invariant = invariant;
  }
}
