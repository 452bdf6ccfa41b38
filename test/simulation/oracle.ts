import type { Member, ResourceKey } from '../../shared/model/ids.ts';
import type { Sibling } from '../../shared/model/row.ts';
import { dotKey } from '../../shared/model/version-vector.ts';
import type { Dot } from '../../shared/model/version-vector.ts';
import type { Checks } from './checks.ts';

/** A write by its dot's name. */
export type WriteId = string;
export const nobody: ReadonlySet<WriteId> = new Set();

/** The fields that a write changed, with their values (undefined: removed), and those it lacks and perhaps never had. */
export interface Changes { readonly set: ReadonlyMap<string, string | undefined>; readonly unsure: ReadonlySet<string> }

interface KnownWrite { readonly id: WriteId; readonly dot: Dot; readonly key: ResourceKey; readonly knows: ReadonlySet<WriteId>; readonly deleted: boolean; readonly changes: Changes }

/**
 * What must come out of a run, told only what each writer was shown and which deletes were collected. It knows nothing of `seen`,
 * of contexts or of incarnations: a dot's name is to it no more than a name.
 */
export class Oracle {
  readonly #checks: Checks;
  readonly #writes = new Map<WriteId, KnownWrite>();
  readonly #byKey = new Map<ResourceKey, KnownWrite[]>();
  readonly #uncertain = new Set<WriteId>();
  /** Of each collected delete, and all that its writer knew, the members that know it was collected. */
  readonly #collected = new Map<ResourceKey, Map<WriteId, Set<Member>>>();

  constructor(checks: Checks) { this.#checks = checks; }

  /** A write was made by somebody who had been shown these, and changed these fields of that. */
  written(key: ResourceKey, sibling: Sibling, shown: ReadonlySet<WriteId>, changes: Changes): void {
    const id = dotKey(sibling.dot);
    this.#checks.require(1, !this.#writes.has(id), () => `dot ${id} was issued twice`);
    const knows = new Set([...this.closure(shown)].filter((other) => this.#writes.get(other)?.key === key));
    const write = { id, dot: sibling.dot, key, knows, deleted: sibling.body.kind === 'deleted', changes };
    this.#writes.set(id, write);
    const before = this.#byKey.get(key);
    if (before === undefined) this.#byKey.set(key, [write]);
    else before.push(write);
  }

  /** A member dropped a row of deletes: as collectable, or because another one had. */
  dropped(key: ResourceKey, ids: Iterable<WriteId>, member: Member, isCollecting: boolean): void {
    const known = this.#collected.get(key) ?? new Map<WriteId, Set<Member>>();
    this.#collected.set(key, known);
    for (const id of this.closure(ids)) {
      const members = known.get(id);
      if (members !== undefined) members.add(member);
      else if (isCollecting) known.set(id, new Set([member]));
    }
  }

  /** Whoever writes where a collected delete stood knows of it and all before it. */
  collectedAt(key: ResourceKey): Iterable<WriteId> { return this.#collected.get(key)?.keys() ?? nobody; }
  wasCollected(key: ResourceKey, id: WriteId): boolean { return this.#collected.get(key)?.has(id) === true; }
  /** Collected, but whoever knew it was put back from a backup: it may stand again. */
  mayStandAgain(key: ResourceKey, id: WriteId): boolean { return this.#collected.get(key)?.get(id)?.size === 0; }

  /** The writes and all that their writers had been shown. */
  closure(ids: Iterable<WriteId>): Set<WriteId> {
    const all = new Set<WriteId>();
    for (const id of ids) {
      all.add(id);
      for (const known of this.#writes.get(id)?.knows ?? nobody) all.add(known);
    }
    return all;
  }

  get keys(): Iterable<ResourceKey> { return this.#byKey.keys(); }
  get count(): number { return this.#writes.size; }
  /** For the checks of `seen` alone. */
  writesOf(key: ResourceKey): readonly { readonly id: WriteId; readonly dot: Dot }[] { return this.#byKey.get(key) ?? []; }

  /** A member's table was put back from a backup; what stood nowhere else may be gone, and may come back from a token or a late page. */
  restored(member: Member, elsewhere: ReadonlySet<WriteId>): void {
    for (const id of this.#writes.keys()) if (!elsewhere.has(id)) this.#uncertain.add(id);
    for (const known of this.#collected.values()) for (const members of known.values()) members.delete(member);
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
    return new Set(writes.map(({ id }) => id).filter((id) => !covered.has(id) && !this.wasCollected(key, id)));
  }

  /**
   * What a merge of these versions must show of a field: the value of the only write of it that no other write of it knew of.
   * Undefined where several did not know of each other, where it is a delete (a live version beats it with all it has), or where a
   * backup may have lost one.
   */
  fieldOf(standing: Iterable<WriteId>, field: string): { readonly value: string | undefined } | undefined {
    const all = [...this.closure(standing)];
    if (all.some((id) => this.#uncertain.has(id))) return undefined;
    const writers = all.flatMap((id) => this.#writes.get(id) ?? []).filter((write) => write.deleted || write.changes.set.has(field) || write.changes.unsure.has(field));
    const latest = writers.filter((write) => !writers.some((other) => other.knows.has(write.id)));
    const [only, ...others] = latest;
    return only === undefined || only.deleted || only.changes.unsure.has(field) || others.length > 0 ? undefined : { value: only.changes.set.get(field) };
  }

  isDelete(id: WriteId): boolean { return this.#writes.get(id)?.deleted ?? false; }

  /** Nothing that a present version's writer had seen may stand beside it. */
  requireNoneCovered(where: string, key: ResourceKey, standing: readonly WriteId[]): void {
    this.#checks.require(6, !standing.some((id) => this.#slayerOf(id, standing) !== undefined), () => {
      const id = standing.find((one) => this.#slayerOf(one, standing) !== undefined) ?? '';
      return `${where} ${key}: ${id} stands beside ${this.#slayerOf(id, standing) ?? ''}, whose writer had seen it`;
    });
  }

  #slayerOf(id: WriteId, standing: readonly WriteId[]): WriteId | undefined {
    return standing.find((other) => other !== id && this.#writes.get(other)?.knows.has(id) === true);
  }
}
