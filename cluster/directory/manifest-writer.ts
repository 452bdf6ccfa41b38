import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey } from '../../shared/model/resource-key.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { ObjectVersion, WriteOutcome, WriteRequest } from '../bridge/cluster-port.ts';
import { requireFaithful, withContent } from '../bridge/manifest.ts';
import { KeyWork } from '../bridge/key-work.ts';
import { OutsideError, codeOf, removeFile, stageFile, syncFolder } from './atomic-file.ts';
import { readContents } from './catalog.ts';
import type { CatalogFile, Entry } from './catalog.ts';
import { newText, withManifest, withoutManifest } from './edit-text.ts';
import { fileStatAt, lookAt, sameStat } from './file-stat.ts';
import type { FileStat } from './file-stat.ts';
import type { FolderState, Presence } from './folder-state.ts';
import type { Intent } from './hidden-file.ts';
import { FILE_BYTES, GIVE_WAY_MS } from './limits.ts';
import { formatOf, parseText } from './manifest-text.ts';
import { placesFor } from './placement.ts';

export interface WriterParts {
  readonly root: string;
  readonly state: FolderState;
  readonly random: Random;
  readonly clock: Clock;
  /** Makes what is remembered durable now, or before long. */
  readonly save: () => Promise<void>;
  readonly saveSoon: () => void;
  /** Labels and annotations that stay as a file has them. */
  readonly marks: () => readonly string[];
  /** Tells that a file is not what the catalog says. */
  readonly suspect: (path: string) => void;
}

/** Files written at once; each is flushed to disk. */
const FILES_AT_ONCE = 32;
const conflict: WriteOutcome = { kind: 'conflict' };
const refused = (reason: string, message: string): WriteOutcome => ({ kind: 'refused', reason, message });

/**
 * Writes manifests into the folder. The order makes a crash harmless: first the manifest stands under a temporary name, then the
 * hidden file says what is about to be written and by that name, then the manifest takes its place in one rename, then what is
 * remembered follows. Whatever a crash leaves is told apart by what is there.
 */
export class ManifestWriter {
  readonly #parts: WriterParts;
  readonly #work = new KeyWork<string>(FILES_AT_ONCE);
  readonly #created = new Map<string, number>();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  async write({ key, content, hash, token, replaces }: WriteRequest): Promise<WriteOutcome> {
    let shown: JsonObject;
    try {
      shown = requireFaithful(key, content, hash, this.#parts.marks());
    } catch (error) {
      return refused('Invalid', error instanceof Error ? error.message : String(error));
    }
    const intent: Intent = { kind: 'live', hash, token };
    const presence = this.#parts.state.presence(key);
    if (presence.kind === 'unknown') return refused(presence.reason, presence.message);
    if (replaces === undefined) return presence.kind === 'live' ? conflict : this.#create(key, shown, intent);
    return isAt(presence, replaces) ? this.#inFile(presence.path, () => this.#replace(key, shown, intent, replaces)) : conflict;
  }

  async delete(key: ResourceKey, version: ObjectVersion): Promise<WriteOutcome> {
    const presence = this.#parts.state.presence(key);
    if (presence.kind === 'unknown') return refused(presence.reason, presence.message);
    if (presence.kind === 'gone') return { kind: 'ok' };
    return isAt(presence, version) ? this.#inFile(presence.path, () => this.#remove(key, version)) : conflict;
  }

  /** Files that were created here a moment ago. */
  justCreated(): ReadonlySet<string> {
    const nowMs = this.#parts.clock.nowMs();
    for (const [path, atMs] of this.#created) if (Math.abs(nowMs - atMs) > GIVE_WAY_MS) this.#created.delete(path);
    return new Set(this.#created.keys());
  }

  /** One write at a time for each file: each rests on what the one before left. */
  async #inFile(path: string, task: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    try {
      return await this.#work.run(path, task);
    } catch (error) {
      if (error instanceof OutsideError) return refused('OutsideFolder', error.message);
      const code = codeOf(error);
      if (code === undefined) throw error;
      return refused('CannotWrite', `${path} cannot be written: ${error instanceof Error ? error.message : code}`);
    }
  }

  async #create(key: ResourceKey, shown: JsonObject, intent: Intent): Promise<WriteOutcome> {
    const { root, state, suspect } = this.#parts;
    const text = newText('yaml', withContent(key, shown, undefined, this.#parts.marks()));
    for (const path of placesFor(key)) {
      const there = state.catalog.files.get(path);
      if (there?.problem !== undefined) return refused('FileUnreadable', `${path} is where it belongs, but: ${there.problem.message}`);
      if (there === undefined && lookAt(join(root, path)) !== undefined) {
        if (fileStatAt(join(root, path)) === undefined) continue;
        suspect(path);
        return conflict;
      }
      if (there === undefined) return this.#inFile(path, () => this.#store(key, path, text, undefined, intent));
    }
    return refused('NoPlace', `every file name for ${printKey(key)} is taken: ${placesFor(key).join(', ')}`);
  }

  async #replace(key: ResourceKey, shown: JsonObject, intent: Intent, version: ObjectVersion): Promise<WriteOutcome> {
    const held = await this.#open(key, version);
    if (held === undefined) return conflict;
    const { path, entry, text, stat } = held;
    const format = formatOf(path);
    const parsed = parseText(format, text);
    const now = parsed.kind === 'parsed' ? parsed.manifests.find(({ place }) => place.document === entry.place.document && place.item === entry.place.item)?.value : undefined;
    const next = now === undefined ? undefined : withManifest(format, text, entry.place, withContent(key, shown, now, this.#parts.marks()));
    if (next === undefined) return refused('CannotEdit', `${path} is written in a way that this change cannot be put into; put ${printKey(key)} into a file of its own`);
    return this.#store(key, path, next, stat, intent);
  }

  async #remove(key: ResourceKey, version: ObjectVersion): Promise<WriteOutcome> {
    const held = await this.#open(key, version);
    if (held === undefined) return conflict;
    const { path, entry, text, stat } = held;
    const rest = withoutManifest(formatOf(path), text, entry.place);
    switch (rest.kind) {
      case 'text': return this.#store(key, path, rest.text, stat, { kind: 'gone' });
      case 'nothing': return this.#unlink(key, path, stat);
      case 'impossible': return refused('CannotEdit', `${path} is written in a way that ${printKey(key)} cannot be taken out of it`);
    }
  }

  /** The file that holds the resource at this version, as it is on disk. */
  async #open(key: ResourceKey, version: ObjectVersion): Promise<{ path: string; entry: Entry; text: string; stat: FileStat } | undefined> {
    const { root, state, suspect } = this.#parts;
    const presence = state.presence(key);
    if (!isAt(presence, version)) return undefined;
    const { path, entry } = presence;
    const stat = state.catalog.files.get(path)?.stat;
    const text = await readFile(join(root, path), 'utf8').catch(() => undefined);
    if (text === undefined || stat === undefined || !sameStat(stat, fileStatAt(join(root, path)))) {
      suspect(path);
      return undefined;
    }
    return { path, entry, text, stat };
  }

  async #store(key: ResourceKey, path: string, text: string, stat: FileStat | undefined, intent: Intent): Promise<WriteOutcome> {
    const { root, state, random, save, suspect } = this.#parts;
    const contents = readContents(path, text, this.#parts.marks());
    const problem = this.#problemWith(key, path, text, intent, contents.entries);
    if (problem !== undefined) return problem;
    const staged = await stageFile(root, path, text, stat, random);
    let done = false;
    try {
      state.plan(key, intent.kind === 'live' ? { ...intent, via: staged.name } : intent, path);
      await save();
      const put = sameStat(stat, state.catalog.files.get(path)?.stat) ? staged.put() : 'moved';
      if (put === 'moved') {
        suspect(path);
        return conflict;
      }
      state.finish(key, path, { ...contents, stat: put }, intent);
      if (stat === undefined) this.#noteCreated(path);
      done = true;
    } finally {
      if (!done) {
        state.abandon(key);
        // Only then may the file go that tells that nothing was put.
        await save().then(() => staged.discard(), () => undefined);
      }
    }
    this.#parts.saveSoon();
    await syncFolder(dirname(join(root, path)));
    return { kind: 'ok' };
  }

  async #unlink(key: ResourceKey, path: string, stat: FileStat): Promise<WriteOutcome> {
    const { root, state, save, suspect } = this.#parts;
    const intent: Intent = { kind: 'gone' };
    state.plan(key, intent, path);
    const removed = await this.#orAbandon(key, async () => { await save(); return removeFile(root, path, stat); });
    if (removed === 'moved') {
      state.abandon(key);
      suspect(path);
      return conflict;
    }
    state.finish(key, path, undefined, intent);
    this.#parts.saveSoon();
    await syncFolder(dirname(join(root, path)));
    return { kind: 'ok' };
  }

  #noteCreated(path: string): void {
    if (this.#created.size > 0) this.justCreated();
    this.#created.set(path, this.#parts.clock.nowMs());
  }

  async #orAbandon<T>(key: ResourceKey, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      this.#parts.state.abandon(key);
      throw error;
    }
  }

  /** The new text must say what was asked for, and of everything else what the file said before. */
  #problemWith(key: ResourceKey, path: string, text: string, intent: Intent, after: readonly Entry[]): WriteOutcome | undefined {
    if (Buffer.byteLength(text) > FILE_BYTES) return refused('TooLarge', `${path} would be ${Buffer.byteLength(text).toString()} bytes; at most ${FILE_BYTES.toString()} are read`);
    const before: CatalogFile | undefined = this.#parts.state.catalog.files.get(path);
    const others = (entries: readonly Entry[]): string => entries.filter((entry) => entry.key !== key).map((entry) => `${entry.key} ${entry.hash}`).join('\n');
    const shown = after.find((entry) => entry.key === key)?.hash;
    const isAsAsked = shown === (intent.kind === 'live' ? intent.hash : undefined) && others(after) === others(before?.entries ?? []);
    return isAsAsked ? undefined : refused('CannotEdit', `${path} would not say what was asked for; put ${printKey(key)} into a file of its own`);
  }
}

const isAt = (presence: Presence, { uid, resourceVersion }: ObjectVersion): presence is Presence & { kind: 'live' } =>
  presence.kind === 'live' && presence.record.uid === uid && presence.record.version.toString() === resourceVersion;
