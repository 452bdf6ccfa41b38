import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Dictionary, DictionarySchema, Dot as WireDot, DotSchema, Stamp as WireStamp, StampSchema } from '../../proto/gen/novaedge/federation/v1/dictionary_pb.ts';
import type { Incarnation, LogName, Member, ResourceKey } from '../model/ids.ts';
import { asMember, isLocalLog } from '../model/ids.ts';
import type { Stamp, Write } from '../model/stamp.ts';
import type { Dot, VersionVector } from '../model/version-vector.ts';
import { MAX_ENTRIES, MAX_LOGS, MAX_MEMBERS, MAX_STAMP_COUNTER, MAX_VECTOR_ENTRIES, MAX_VECTORS } from './limits.ts';
import { requireKey, requireLogName, requireMember } from './names.ts';
import { big, requireCounter, requireList, requireNumber, requireSet, requireTimeMs } from './values.ts';
import { shown, WireError } from './wire-error.ts';

/** Things that are referred to by index, each once. */
class Interned {
  readonly #indices = new Map<string, number>();
  indexOf(name: string): number {
    const known = this.#indices.get(name);
    if (known !== undefined) return known;
    this.#indices.set(name, this.#indices.size);
    return this.#indices.size - 1;
  }
  get names(): string[] { return [...this.#indices.keys()]; }
}

/** Collects the names and vectors of one message on its way out (DESIGN §8: names travel in full, one dictionary per page). */
export class DictionaryWriter {
  readonly #logs = new Interned();
  readonly #members = new Interned();
  readonly #keys = new Interned();
  readonly #vectors = new Interned();
  readonly #vectorInits: { logs: number[]; counters: bigint[] }[] = [];
  readonly #seenVectors = new Map<VersionVector, number>();

  log(name: LogName): number { return this.#logs.indexOf(name); }
  member(name: Member): number { return this.#members.indexOf(name); }
  key(key: ResourceKey): number { return this.#keys.indexOf(key); }

  /** A vector is written once, however often it stands in the message. */
  vector(vector: VersionVector): number {
    const known = this.#seenVectors.get(vector);
    if (known !== undefined) return known;
    // A closed incarnation that wrote nothing stands at zero in some vectors; on the wire a missing entry says so.
    const entries = [...vector].filter(([, counter]) => counter > 0).map(([log, counter]) => [this.log(log), counter] as const).sort(([a], [b]) => a - b);
    const index = this.#vectors.indexOf(entries.map(([log, counter]) => `${log.toString()}:${counter.toString()}`).join());
    this.#vectorInits[index] ??= { logs: entries.map(([log]) => log), counters: entries.map(([, counter]) => big(counter)) };
    this.#seenVectors.set(vector, index);
    return index;
  }

  dot({ incarnation, counter }: Dot): MessageInitShape<typeof DotSchema> {
    return { log: this.log(incarnation), counter: big(counter) };
  }

  stamp({ ms, counter, member }: Stamp): MessageInitShape<typeof StampSchema> {
    return { ms: big(ms), counter: big(counter), ...(member !== '' && { member: this.member(member) }) };
  }

  write({ dot, stamp }: Write): { dot: MessageInitShape<typeof DotSchema>; stamp: MessageInitShape<typeof StampSchema> } {
    return { dot: this.dot(dot), stamp: this.stamp(stamp) };
  }

  /** The dictionary, once everything that refers to it was written. */
  finish(): MessageInitShape<typeof DictionarySchema> {
    return { logs: this.#logs.names, members: this.#members.names, keys: this.#keys.names, vectors: this.#vectorInits };
  }
}

/** Reads what a message refers to. All of the dictionary is checked at once, used or not. */
export class DictionaryReader {
  readonly #logs: readonly LogName[];
  readonly #members: readonly Member[];
  readonly #keys: readonly ResourceKey[];
  readonly #vectors: readonly VersionVector[];

  /** @throws WireError naming the part below `field` */
  constructor(field: string, dictionary: Dictionary | undefined) {
    const { logs = [], members = [], keys = [], vectors = [] } = dictionary ?? {};
    this.#logs = unique(`${field}.logs`, requireList(`${field}.logs`, logs, MAX_LOGS).map((name, at) => requireLogName(`${field}.logs[${at.toString()}]`, name)));
    this.#members = requireList(`${field}.members`, members, MAX_MEMBERS).map((name, at) => requireMember(`${field}.members[${at.toString()}]`, name));
    this.#keys = requireList(`${field}.keys`, keys, MAX_ENTRIES).map((key, at) => requireKey(`${field}.keys[${at.toString()}]`, key));
    this.#vectors = requireList(`${field}.vectors`, vectors, MAX_VECTORS).map((vector, at) => this.#readVector(`${field}.vectors[${at.toString()}]`, vector));
  }

  #readVector(field: string, { logs, counters }: { readonly logs: readonly number[]; readonly counters: readonly bigint[] }): VersionVector {
    requireList(`${field}.logs`, logs, MAX_VECTOR_ENTRIES);
    if (logs.length !== counters.length) throw new WireError(`${field}.counters`, `has ${counters.length.toString()} items`, `one for each of the ${logs.length.toString()} logs`);
    const vector = new Map<LogName, number>();
    for (const [at, index] of logs.entries()) vector.set(this.log(`${field}.logs`, index), requireCounter(`${field}.counters`, counters[at] ?? 0n));
    if (vector.size !== logs.length) throw new WireError(`${field}.logs`, 'names a log twice', 'each log once');
    return vector;
  }

  log(field: string, index: number): LogName { return at(field, this.#logs, index); }
  member(field: string, index: number): Member { return at(field, this.#members, index); }
  key(field: string, index: number): ResourceKey { return at(field, this.#keys, index); }
  vector(field: string, index: number): VersionVector { return at(field, this.#vectors, index); }

  /** A log that carries dots: a region's own log does not. */
  incarnation(field: string, index: number): Incarnation {
    const log = this.log(field, index);
    if (isLocalLog(log)) throw new WireError(field, `${shown(log)} is a region's own log`, 'an incarnation');
    return log;
  }

  dot(field: string, dot: WireDot | undefined): Dot {
    const { log, counter } = requireSet(field, dot, 'a dot');
    return { incarnation: this.incarnation(`${field}.log`, log), counter: requireCounter(`${field}.counter`, counter) };
  }

  stamp(field: string, stamp: WireStamp | undefined): Stamp {
    const { ms, counter, member } = requireSet(field, stamp, 'a stamp');
    return {
      ms: requireTimeMs(`${field}.ms`, ms),
      counter: requireNumber(`${field}.counter`, counter, { max: MAX_STAMP_COUNTER }),
      member: member === undefined ? asMember('') : this.member(`${field}.member`, member),
    };
  }

  write(field: string, write: { readonly dot?: WireDot | undefined; readonly stamp?: WireStamp | undefined } | undefined): Write {
    const { dot, stamp } = requireSet(field, write, 'a write');
    return { dot: this.dot(`${field}.dot`, dot), stamp: this.stamp(`${field}.stamp`, stamp) };
  }
}

function at<T>(field: string, list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new WireError(field, `index ${index.toString()} is beyond the dictionary`, `an index below ${list.length.toString()}`);
  return item;
}

function unique<T>(field: string, list: readonly T[]): readonly T[] {
  if (new Set(list).size !== list.length) throw new WireError(field, 'names one twice', 'each name once');
  return list;
}
