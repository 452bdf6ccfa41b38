import { constants, renameSync } from 'node:fs';
import { open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { ClusterId, Hash, ResourceKey } from '../../shared/model/ids.ts';
import { asClusterId } from '../../shared/model/ids.ts';
import { codeOf, syncFolder, TEMPORARY_PREFIX } from './atomic-file.ts';
import type { FileStat, Identity } from './file-stat.ts';
import { fileStatAt, identityAt, isSameThing, sameStat } from './file-stat.ts';
import { parseHidden } from './hidden-format.ts';

export const HIDDEN_FILE = '.novaedge-cluster.json';

/** A write of our own that is about to happen: noted before, so that a crash in the middle is told from somebody's edit. */
export type Intent =
  /** `via`: the name of the temporary file that takes its place. Where a crash leaves that file, the write did not come about. */
  | { readonly kind: 'live'; readonly hash: Hash; readonly token: string; readonly via?: string | undefined }
  | { readonly kind: 'gone' };

/** What is remembered of an object: what a Kubernetes object carries in its metadata. */
export interface ObjectRecord {
  readonly uid: string;
  /** The counter when it last changed. */
  readonly version: number;
  /** Undefined: it has not been there yet; it is being created. */
  readonly hash: Hash | undefined;
  readonly token: string | undefined;
  readonly file: string;
  readonly intent: Intent | undefined;
}

/** What is known of an object that is gone: removed by a user, it still tells what its remover had been shown. */
export type Departed = Pick<ObjectRecord, 'uid' | 'token'>;
/** Removed objects that are remembered, the latest ones. */
const DEPARTED = 2000;

export interface FederationRecord { readonly hash: Hash | undefined; readonly generation: number; readonly file: string | undefined }

/** Everything in the hidden file. */
export interface Remembered {
  readonly clusterId: ClusterId;
  /** Of the file itself. A copy is another file, and a copied folder another cluster. */
  readonly self: Identity;
  /** Counts the bridges that were started here; the newest one speaks. */
  readonly epoch: number;
  readonly counter: number;
  readonly federation: FederationRecord;
  readonly objects: ReadonlyMap<ResourceKey, ObjectRecord>;
  readonly departed: ReadonlyMap<ResourceKey, Departed>;
}

/** What became of the hidden file behind our back. */
export class HiddenFileError extends Error {
  override readonly name = 'HiddenFileError';
  readonly kind: 'lost' | 'replaced' | 'unwritable';
  constructor(kind: HiddenFileError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** Reads a folder's hidden file. `'none'`: there is none, it is damaged, or it is a copy of another one. */
export async function readHidden(root: string): Promise<Remembered | { readonly kind: 'none'; readonly why: 'missing' | 'damaged' | 'copied' }> {
  const path = join(root, HIDDEN_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return { kind: 'none', why: 'missing' };
    throw error;
  }
  const remembered = parseHidden(text);
  if (remembered === undefined) return { kind: 'none', why: 'damaged' };
  return isSameThing(identityAt(path), remembered.self) ? remembered : { kind: 'none', why: 'copied' };
}

/**
 * The memory of a directory cluster, with its one file. Changes are made in memory and are durable when `save` resolves; saves asked
 * for while one is being written are one. The file is replaced whole, so a crash leaves the old or the new.
 */
export class HiddenFile {
  readonly #root: string;
  readonly #random: Random;
  readonly clusterId: ClusterId;
  readonly epoch: number;
  readonly #objects: Map<ResourceKey, ObjectRecord>;
  readonly #lines = new Map<ResourceKey, string>();
  readonly #departed: Map<ResourceKey, Departed>;
  #federation: FederationRecord;
  #counter: number;
  #durableCounter = 0;
  /** The file that was written last, as it was then. Whatever happened to it since, it is read again before it is replaced. */
  #written: FileStat | undefined;
  #isDirty = false;
  #writing: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param replaced the file that stands there now, as it was read */
  constructor(root: string, { random, clock }: { readonly random: Random; readonly clock: Clock }, remembered: Remembered | undefined, replaced: FileStat | undefined) {
    this.#root = root;
    this.#random = random;
    this.clusterId = remembered?.clusterId ?? asClusterId(uuidOf(random.bytes(16)));
    // A region remembers the highest epoch of its cluster; where the file was lost, time is what still rises.
    this.epoch = Math.max((remembered?.epoch ?? 0) + 1, Math.floor(clock.nowMs()));
    this.#counter = remembered?.counter ?? 0;
    this.#federation = remembered?.federation ?? { hash: undefined, generation: 0, file: undefined };
    this.#objects = new Map(remembered?.objects);
    this.#departed = new Map(remembered?.departed);
    this.#written = replaced;
  }

  get objects(): ReadonlyMap<ResourceKey, ObjectRecord> { return this.#objects; }
  get federation(): FederationRecord { return this.#federation; }
  /** The counter that will not be given out again, whatever happens. */
  get durableCounter(): number { return this.#durableCounter; }
  get isDirty(): boolean { return this.#isDirty; }
  newUid(): string { return uuidOf(this.#random.bytes(16)); }

  nextVersion(): number {
    this.#isDirty = true;
    return this.#counter += 1;
  }

  put(key: ResourceKey, record: ObjectRecord): void {
    this.#isDirty = true;
    this.#lines.delete(key);
    this.#objects.set(key, record);
    this.#departed.delete(key);
  }

  departed(key: ResourceKey): Departed { return this.#departed.get(key) ?? { uid: '', token: undefined }; }

  drop(key: ResourceKey, departed: Departed): void {
    this.#isDirty = true;
    this.#lines.delete(key);
    this.#objects.delete(key);
    this.#departed.delete(key);
    this.#departed.set(key, departed);
    const [oldest] = this.#departed.keys();
    if (this.#departed.size > DEPARTED && oldest !== undefined) this.#departed.delete(oldest);
  }

  putFederation(federation: FederationRecord): void {
    this.#isDirty = true;
    this.#federation = federation;
  }

  /** Resolves when everything up to now is durable. @throws HiddenFileError */
  save(): Promise<void> {
    if (this.#writing === undefined) return this.#start();
    this.#next ??= this.#writing.catch(() => undefined).then(() => { this.#next = undefined; return this.#start(); });
    return this.#next;
  }

  #start(): Promise<void> {
    const writing = this.#write().finally(() => { if (this.#writing === writing) this.#writing = undefined; });
    this.#writing = writing;
    return writing;
  }

  async #write(): Promise<void> {
    const counter = this.#counter;
    this.#isDirty = false;
    const temporary = join(this.#root, TEMPORARY_PREFIX + Buffer.from(this.#random.bytes(8)).toString('hex'));
    try {
      const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
      try {
        const { ino, birthtimeNs } = await file.stat({ bigint: true });
        await file.writeFile(this.#print(ino, birthtimeNs));
        await file.sync();
      } finally {
        await file.close();
      }
      this.#replace(temporary);
      await syncFolder(this.#root);
    } catch (error) {
      this.#isDirty = true;
      await unlink(temporary).catch(() => undefined);
      if (error instanceof HiddenFileError) throw error;
      throw new HiddenFileError('unwritable', `${HIDDEN_FILE} cannot be written in ${this.#root}: ${codeOf(error) ?? (error instanceof Error ? error.message : String(error))}`, { cause: error });
    }
    this.#durableCounter = Math.max(this.#durableCounter, counter);
  }

  /** Only over the file that we wrote last: nobody else's is lost. */
  #replace(temporary: string): void {
    const path = join(this.#root, HIDDEN_FILE);
    switch (this.check()) {
      case 'ours':
        renameSync(temporary, path);
        this.#written = fileStatAt(path);
        return;
      case 'lost': throw new HiddenFileError('lost', `${HIDDEN_FILE} is gone from the folder`);
      case 'replaced': throw new HiddenFileError('replaced', `${HIDDEN_FILE} was written by somebody else: another bridge runs on this folder, or an old copy was put back`);
    }
  }

  /** Whether the file on disk still is the one we wrote. */
  check(): 'ours' | 'lost' | 'replaced' {
    const there = fileStatAt(join(this.#root, HIDDEN_FILE));
    if (there === undefined) return this.#written === undefined ? 'ours' : 'lost';
    return sameStat(there, this.#written) ? 'ours' : 'replaced';
  }

  /** One object a line, kept as text, so that saving a large folder is mostly copying. */
  #print(inode: bigint, bornNs: bigint): string {
    for (const [key, record] of this.#objects) if (!this.#lines.has(key)) this.#lines.set(key, `  ${JSON.stringify(key)}: ${JSON.stringify(record)}`);
    const head = { format: 1, clusterId: this.clusterId, self: { inode: inode.toString(), bornNs: bornNs.toString() }, epoch: this.epoch, counter: this.#counter, federation: this.#federation };
    const departed = JSON.stringify(Object.fromEntries(this.#departed));
    return `${JSON.stringify(head).slice(0, -1)},"departed":${departed},"objects":{\n${[...this.#lines.values()].join(',\n')}\n}}\n`;
  }
}

/** A version 4 UUID of 16 random bytes. */
function uuidOf(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${((Number.parseInt(hex.slice(16, 17), 16) & 3) | 8).toString(16)}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
