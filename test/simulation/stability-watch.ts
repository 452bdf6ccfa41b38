import type { Member, ResourceKey } from '../../shared/model/ids.ts';
import type { Row } from '../../shared/model/row.ts';
import { covers, coversDot, dotKey } from '../../shared/model/version-vector.ts';
import type { Dot, VersionVector } from '../../shared/model/version-vector.ts';
import type { Checks } from './checks.ts';
import type { Oracle } from './oracle.ts';

/** A member as far as stability goes; `seen` is undefined while it has lost its state. */
export interface WatchedMember { readonly name: Member; seenInTable(): VersionVector | undefined }

/** Invariant 8, by what members had truly seen when they wrote and when something is collected. */
export class StabilityWatch {
  readonly #checks: Checks;
  readonly #oracle: Oracle;
  readonly #members: () => readonly WatchedMember[];
  /** Of each write, what its member had seen before it. */
  readonly #writes = new Map<ResourceKey, { readonly dot: Dot; readonly seen: VersionVector | undefined }[]>();

  constructor(checks: Checks, oracle: Oracle, members: () => readonly WatchedMember[]) {
    this.#checks = checks;
    this.#oracle = oracle;
    this.#members = members;
  }

  wrote(key: ResourceKey, dot: Dot, member: WatchedMember): void {
    const writes = this.#writes.get(key) ?? [];
    writes.push({ dot, seen: member.seenInTable() });
    this.#writes.set(key, writes);
  }

  /** A row of deletes is being collected: every member has seen it, and what they wrote before they had is here. */
  requireStable(key: ResourceKey, row: Row, collector: WatchedMember): void {
    for (const member of this.#members()) {
      const seen = member.seenInTable();
      this.#checks.require(8, seen === undefined || covers(seen, row.context), () => `${collector.name} collects ${key}, which ${member.name} has not seen`);
    }
    const [here, known] = [collector.seenInTable() ?? new Map(), this.#oracle.closure(row.siblings.map(({ dot }) => dotKey(dot)))];
    for (const { dot, seen } of this.#writes.get(key) ?? []) {
      const mayBeMissing = coversDot(here, dot) || known.has(dotKey(dot)) || this.#oracle.isUncertain(dotKey(dot)) || seen === undefined || covers(seen, row.context);
      this.#checks.require(8, mayBeMissing, () => `${collector.name} collects ${key} while ${dotKey(dot)} is on its way, whose member had not seen the delete`);
    }
  }
}
