import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { printKey } from '../../shared/model/resource-key.ts';
import type { FederationObject, Problem } from '../bridge/cluster-port.ts';
import { Catalog } from './catalog.ts';
import type { CatalogFile, Entry, Holder } from './catalog.ts';
import type { FileStat } from './file-stat.ts';
import type { HiddenFile, Intent, ObjectRecord } from './hidden-file.ts';

/** Whether a resource is in the folder. */
export type Presence =
  | { readonly kind: 'live'; readonly path: string; readonly entry: Entry; readonly record: ObjectRecord & { readonly hash: Hash } }
  | { readonly kind: 'gone' }
  | { readonly kind: 'unknown'; readonly reason: string; readonly message: string };

/**
 * What the folder holds (`Catalog`) beside what is remembered of it (`HiddenFile`), and the one place where the two are reconciled.
 * Synchronous throughout, so that a look and what follows from it are one step.
 */
export class FolderState {
  readonly catalog = new Catalog();
  readonly #hidden: HiddenFile;
  readonly #unfinished: ReadonlySet<string>;
  readonly #recorded = new Map<string, Set<ResourceKey>>();
  readonly #unknown = new Set<ResourceKey>();
  /** Resources whose intent belongs to a write under way, not to one that a crash interrupted. */
  readonly #writing = new Set<ResourceKey>();
  #droppedVersion = 0;

  /** @param unfinished temporary files that a crash has left */
  constructor(hidden: HiddenFile, unfinished: ReadonlySet<string>) {
    this.#hidden = hidden;
    this.#unfinished = unfinished;
    for (const [key, { file }] of hidden.objects) this.#note(file, key);
  }

  /** The counter at the last removal: what is said of a missing resource must not be older. */
  get droppedVersion(): number { return this.#droppedVersion; }
  /** Files that held something when they were last seen. */
  get recordedFiles(): Iterable<string> { return this.#recorded.keys(); }
  holdsAnything(path: string): boolean { return (this.#recorded.get(path)?.size ?? 0) > 0; }

  presence(key: ResourceKey): Presence {
    const holders = this.catalog.holders(key);
    const [holder, second] = holders;
    const record = this.#hidden.objects.get(key);
    if (second !== undefined) return { kind: 'unknown', reason: 'Duplicate', message: duplicateMessage(key, holders) };
    if (holder !== undefined) {
      if (holder.entry.isOwned) return { kind: 'unknown', reason: 'OwnedLocally', message: `${printKey(key)} in ${holder.path} has a controlling owner and stays local` };
      return record?.hash === undefined ? { kind: 'gone' } : { kind: 'live', ...holder, record: { ...record, hash: record.hash } };
    }
    const problem = record === undefined ? undefined : this.catalog.files.get(record.file)?.problem;
    return problem === undefined ? { kind: 'gone' } : { kind: 'unknown', reason: problem.kind === 'empty' ? 'FileEmpty' : 'Unparsable', message: problem.message };
  }

  /**
   * Takes note of files that were looked at together, so that a resource which moved from one to another has moved. Returns the
   * resources that are not as they were.
   */
  take(files: readonly (readonly [string, CatalogFile | undefined])[]): readonly ResourceKey[] {
    const touched = new Set<ResourceKey>();
    for (const [path, file] of files) {
      for (const key of this.#recorded.get(path) ?? []) touched.add(key);
      for (const key of this.catalog.put(path, file)) touched.add(key);
    }
    return [...touched].filter((key) => this.#reconcile(key));
  }

  /** Of two places that claim to be one object, the file that nobody but us has touched and that may give way; undefined where there is none. */
  givingWay(key: ResourceKey, ours: ReadonlySet<string>): { readonly path: string; readonly stat: FileStat } | undefined {
    const holders = this.catalog.holders(key);
    const [yielding] = holders.filter(({ path, entry }) => ours.has(path) && entry.hash === this.#hidden.objects.get(key)?.hash);
    const file = yielding === undefined ? undefined : this.catalog.files.get(yielding.path);
    const mayGo = holders.length === 2 && yielding !== undefined && file?.entries.length === 1 && holders.some(({ path }) => path !== yielding.path);
    return mayGo ? { path: yielding.path, stat: file.stat } : undefined;
  }

  /** Notes what is about to be written. The record of something new is begun with it. */
  plan(key: ResourceKey, intent: Intent, path: string): void {
    const record = this.#hidden.objects.get(key) ?? { uid: this.#hidden.newUid(), version: this.#hidden.nextVersion(), hash: undefined, token: undefined, file: path, intent: undefined };
    this.#writing.add(key);
    this.#put(key, { ...record, intent });
  }

  /** The write came about: the file says this now. */
  finish(key: ResourceKey, path: string, file: CatalogFile | undefined, intent: Intent): void {
    this.#writing.delete(key);
    this.catalog.put(path, file);
    const record = this.#hidden.objects.get(key);
    if (intent.kind === 'gone') this.#drop(key, record && { ...record, token: undefined });
    else if (record !== undefined) this.#put(key, { ...record, version: this.#hidden.nextVersion(), hash: intent.hash, token: intent.token, file: path, intent: undefined });
  }

  /** The write did not come about. */
  abandon(key: ResourceKey): void {
    this.#writing.delete(key);
    const record = this.#hidden.objects.get(key);
    if (record === undefined) return;
    if (record.hash === undefined) this.#drop(key, record);
    else this.#put(key, { ...record, intent: undefined });
  }

  putToken(key: ResourceKey, token: string): void {
    const record = this.#hidden.objects.get(key);
    if (record !== undefined) this.#put(key, { ...record, token });
  }

  /** The federation object, with a generation that rises when it changes. */
  federation(): FederationObject {
    const [first, second] = this.catalog.federations();
    const { file, generation } = this.#hidden.federation;
    if (first !== undefined && second !== undefined) {
      return { kind: 'unknown', reason: 'Duplicate', message: `a folder has one NovaEdgeFederation, but ${first.path}:${first.entry.line.toString()} and ${second.path}:${second.entry.line.toString()} both hold one: remove all but one; until then the settings last read stay in force` };
    }
    const problem = file === undefined ? undefined : this.catalog.files.get(file)?.problem;
    if (first === undefined && problem !== undefined) return { kind: 'unknown', reason: 'Unparsable', message: problem.message };
    const { hash } = this.#hidden.federation;
    if (hash !== first?.entry.hash || file !== first?.path) {
      this.#hidden.putFederation({ hash: first?.entry.hash, generation: hash === first?.entry.hash ? generation : generation + 1, file: first?.path });
    }
    const now = this.#hidden.federation.generation;
    return first === undefined ? { kind: 'gone', generation: now } : { kind: 'live', manifest: first.entry.manifest, generation: now, schemaGaps: [] };
  }

  problems(): readonly Problem[] {
    const problems: Problem[] = [];
    for (const [path, { problem }] of this.catalog.files) {
      if (problem === undefined || (problem.kind === 'empty' && !this.holdsAnything(path))) continue;
      problems.push({ key: undefined, reason: problem.kind === 'empty' ? 'FileEmpty' : 'Unparsable', message: problem.message });
    }
    for (const [key, holders] of this.catalog.duplicates()) problems.push({ key, reason: 'Duplicate', message: duplicateMessage(key, holders) });
    const federation = this.federation();
    if (federation.kind === 'unknown' && federation.reason === 'Duplicate') problems.push({ key: undefined, reason: federation.reason, message: federation.message });
    return problems;
  }

  /** Whether the resource is not as it was; its record is brought up to date. */
  #reconcile(key: ResourceKey): boolean {
    const before = this.#hidden.objects.get(key);
    const wasUnknown = this.#unknown.has(key);
    const [holder, second] = this.catalog.holders(key);
    const isLive = holder !== undefined && second === undefined && !holder.entry.isOwned;
    if (!isLive && this.presence(key).kind === 'unknown') {
      this.#unknown.add(key);
      return !wasUnknown;
    }
    this.#unknown.delete(key);
    const record = this.#withoutInterruptedWrite(key, before, isLive ? holder.entry.hash : undefined);
    const changed = isLive ? this.#reconcileLive(key, holder, record) : this.#reconcileGone(key, record);
    return changed || wasUnknown || record !== before;
  }

  /** A crash left an intent: what is in the folder tells whether the write came about, and whether somebody changed it since. */
  #withoutInterruptedWrite(key: ResourceKey, record: ObjectRecord | undefined, hash: Hash | undefined): ObjectRecord | undefined {
    if (record?.intent === undefined || this.#writing.has(key)) return record;
    const { intent } = record;
    if (intent.kind === 'gone' && hash === undefined) return this.#put(key, { ...record, token: undefined, intent: undefined });
    if (intent.kind === 'live' && intent.hash === hash) return this.#put(key, { ...record, version: this.#hidden.nextVersion(), hash, token: intent.token, intent: undefined });
    const cameAbout = intent.kind === 'live' && intent.via !== undefined && !this.#unfinished.has(intent.via);
    return this.#put(key, cameAbout ? { ...record, version: this.#hidden.nextVersion(), hash: intent.hash, token: intent.token, intent: undefined } : { ...record, intent: undefined });
  }

  #reconcileLive(key: ResourceKey, { path, entry }: Holder, record: ObjectRecord | undefined): boolean {
    if (record === undefined) {
      this.#put(key, { uid: this.#hidden.newUid(), version: this.#hidden.nextVersion(), hash: entry.hash, token: undefined, file: path, intent: undefined });
      return true;
    }
    if (record.hash === entry.hash) {
      if (record.file !== path) this.#put(key, { ...record, file: path });
      return false;
    }
    this.#put(key, { ...record, version: this.#hidden.nextVersion(), hash: entry.hash, file: path });
    return true;
  }

  #reconcileGone(key: ResourceKey, record: ObjectRecord | undefined): boolean {
    if (record === undefined || (record.hash === undefined && this.#writing.has(key))) return false;
    this.#drop(key, record);
    return record.hash !== undefined;
  }

  #put(key: ResourceKey, record: ObjectRecord): ObjectRecord {
    const before = this.#hidden.objects.get(key);
    if (before !== undefined && before.file !== record.file) this.#unnote(before.file, key);
    this.#hidden.put(key, record);
    this.#note(record.file, key);
    return record;
  }

  /** The counter moves, so that whatever is said of the missing resource is newer than what was said of it before. */
  #drop(key: ResourceKey, record: ObjectRecord | undefined): void {
    if (record === undefined) return;
    this.#hidden.drop(key, { uid: record.uid, token: record.token });
    this.#droppedVersion = this.#hidden.nextVersion();
    this.#unnote(record.file, key);
  }

  #note(path: string, key: ResourceKey): void {
    const keys = this.#recorded.get(path);
    if (keys === undefined) this.#recorded.set(path, new Set([key]));
    else keys.add(key);
  }

  #unnote(path: string, key: ResourceKey): void {
    const keys = this.#recorded.get(path);
    keys?.delete(key);
    if (keys?.size === 0) this.#recorded.delete(path);
  }
}

function duplicateMessage(key: ResourceKey, holders: readonly Holder[]): string {
  const places = holders.map(({ path, entry }) => `${path}:${entry.line.toString()}`);
  return `${printKey(key)} stands in ${places.join(' and in ')}: remove all but one; until then no change of it is taken or shown`;
}
