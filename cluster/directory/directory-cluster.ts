import { mkdir, readFile, readdir, realpath, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Content, Json, JsonObject } from '../../shared/model/content.ts';
import { contentOf } from '../../shared/model/content.ts';
import type { Filter } from '../../shared/model/federated-part.ts';
import { passesFilter } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { printKey, splitKey } from '../../shared/model/resource-key.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { BridgeIdentity, ListedObject } from '../../shared/ports/region.ts';
import type { Cluster, ClusterChange, EventType, FederationObject, Listing, ObjectVersion, Problem, ReadResult, WriteOutcome, WriteRequest } from '../bridge/cluster-port.ts';
import { ClusterUnavailableError } from '../bridge/cluster-port.ts';
import { partOf } from '../bridge/manifest.ts';
import { Folder } from './folder.ts';
import type { FolderState } from './folder-state.ts';
import { HiddenFileError } from './hidden-file.ts';
import { fileStatAt, sameStat } from './file-stat.ts';
import { LIST_PAGE, SETTLE_LOOKS } from './limits.ts';
import { formatOf, parseText } from './manifest-text.ts';
import { defaultNamespace } from './scopes.ts';
import { StatusFile } from './status-file.ts';
import { TEMPORARY_PREFIX } from './atomic-file.ts';

export interface DirectoryParts {
  /** Created where there is none. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** False for a file system that tells nothing of changes (a network share): then every change is found by a rescan. */
  readonly watchEvents?: boolean;
}

/** Opens a folder of manifests as a cluster; everything in it has been looked at when this resolves. Close it when the bridge has ended. */
export async function openDirectoryCluster(parts: DirectoryParts): Promise<DirectoryCluster> {
  await mkdir(parts.root, { recursive: true });
  const root = await realpath(parts.root);
  const unfinished = await temporaryFiles(root);
  const cluster = new DirectoryCluster(root, parts, new Set(unfinished.map((path) => basename(path))));
  await cluster.start();
  await cluster.sweep(unfinished);
  return cluster;
}

/** A folder of YAML and JSON manifests as a cluster (DESIGN §11, last paragraph). */
export class DirectoryCluster implements Cluster {
  /** A folder keeps what it is given. */
  readonly reshapes = false;
  /** A file may claim an object and be unreadable: only a look tells. */
  readonly createsUnseen = false;
  readonly #root: string;
  readonly #logger: Logger;
  readonly #folder: Folder;
  readonly #status: StatusFile;
  readonly #listeners = new Set<(change: ClusterChange) => void>();

  /** @param unfinished temporary files that a crash has left */
  constructor(root: string, { clock, random, logger, watchEvents = true }: DirectoryParts, unfinished: ReadonlySet<string>) {
    const tell = (change: ClusterChange): void => { for (const listener of this.#listeners) listener(change); };
    this.#root = root;
    this.#logger = logger;
    this.#status = new StatusFile(root, { clock, random, logger });
    this.#folder = new Folder({
      root, clock, random, logger, watchEvents, unfinished,
      listener: {
        changed: (keys) => { tell({ kind: 'changed', keys }); },
        federation: () => { tell({ kind: 'federation' }); },
        condition: () => { tell({ kind: 'condition' }); },
        problems: (problems) => {
          tell({ kind: 'problems' });
          if (this.#folder.held() === undefined) void this.#status.setProblems(problems);
        },
      },
    });
  }

  start(): Promise<void> { return this.#folder.start(); }

  /** Removes what a crash has left, once what it told is remembered. */
  async sweep(unfinished: readonly string[]): Promise<void> {
    const { hidden } = this.#folder.life;
    if (unfinished.length === 0 || this.#folder.held() !== undefined) return;
    if (hidden.isDirty) await this.#save();
    for (const path of unfinished) await unlink(path).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.#folder.close();
    await this.#status.idle();
  }

  async identity(): Promise<BridgeIdentity> {
    const { clusterId, epoch } = this.#folder.life.hidden;
    return { clusterId, leaseEpoch: epoch };
  }

  held(): Problem | undefined { return this.#folder.held(); }
  problems(): readonly Problem[] { return this.#folder.problems(); }

  keepLocal(marks: readonly string[]): Promise<void> { return this.#folder.keepLocal(marks); }

  async list(filter: Filter): Promise<Listing> {
    await this.#folder.fresh();
    this.#requireNotHeld();
    const { hidden, state } = this.#folder.life;
    if (hidden.isDirty) await this.#save();
    const keys = [...hidden.objects.keys()].filter((key) => passesFilter(filter, splitKey(key))).sort();
    return { resourceVersion: hidden.durableCounter.toString(), pages: pagesOf(keys, state) };
  }

  async read(key: ResourceKey, signal: AbortSignal): Promise<ReadResult> {
    for (let look = 0; look < SETTLE_LOOKS; look += 1) {
      signal.throwIfAborted();
      const held = this.#folder.held();
      if (held !== undefined) return { kind: 'unknown', reason: held.reason, message: held.message };
      const result = await this.#lookFor(key);
      if (result !== 'moving') return result;
      await this.#folder.settled();
    }
    return { kind: 'unknown', reason: 'Changing', message: `the file of ${printKey(key)} is still being written` };
  }

  /** `'moving'`: what the folder holds is not what was read last; it is being read. */
  async #lookFor(key: ResourceKey): Promise<ReadResult | 'moving'> {
    const { state, hidden } = this.#folder.life;
    const presence = state.presence(key);
    if (presence.kind === 'unknown') return presence;
    if (presence.kind === 'gone') {
      await this.#folder.fresh();
      if (this.#folder.held() !== undefined || this.#folder.life.state !== state || state.presence(key).kind !== 'gone') return 'moving';
      if (state.droppedVersion > hidden.durableCounter) await this.#save();
      return { kind: 'gone', confirmed: true, ...hidden.departed(key), resourceVersion: hidden.durableCounter.toString() };
    }
    const { path, entry, record } = presence;
    const { stat } = state.catalog.files.get(path) ?? { stat: undefined };
    const text = await readFile(join(this.#root, path), 'utf8').catch(() => undefined);
    const content = text === undefined || !sameStat(stat, fileStatAt(join(this.#root, path))) ? undefined : contentAt(path, text, key, this.#folder.marks);
    if (content?.hash !== entry.hash) {
      this.#folder.suspect(path);
      return 'moving';
    }
    if (record.version > hidden.durableCounter) await this.#save();
    return { kind: 'live', object: { key, uid: record.uid, resourceVersion: record.version.toString(), content, token: record.token } };
  }

  /** Never asked: a folder does not reshape. */
  isAsLeft(): boolean { return false; }
  async wouldHold(_key: ResourceKey, content: string): Promise<Content> { return contentOf(content); }

  async write(request: WriteRequest): Promise<WriteOutcome> {
    if (request.replaces === undefined) await this.#folder.fresh();
    return this.#change(() => this.#folder.life.writer.write(request));
  }

  async writeToken(key: ResourceKey, token: string, version: ObjectVersion): Promise<WriteOutcome> {
    return this.#change(async () => {
      const { state } = this.#folder.life;
      const presence = state.presence(key);
      if (presence.kind !== 'live' || presence.record.uid !== version.uid || presence.record.version.toString() !== version.resourceVersion) return { kind: 'conflict' };
      state.putToken(key, token);
      this.#folder.saveSoon();
      return { kind: 'ok' };
    });
  }

  async delete(key: ResourceKey, version: ObjectVersion): Promise<WriteOutcome> {
    return this.#change(() => this.#folder.life.writer.delete(key, version));
  }

  async watch(listener: (change: ClusterChange) => void, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => { this.#listeners.delete(listener); }, { once: true });
  }

  async federation(): Promise<FederationObject> {
    const held = this.#folder.held();
    if (held !== undefined) return { kind: 'unknown', reason: held.reason, message: held.message };
    const { state, hidden } = this.#folder.life;
    const federation = state.federation();
    if (hidden.isDirty) await this.#save();
    return federation;
  }

  async writeStatus(status: string): Promise<WriteOutcome> {
    if (this.held() !== undefined) return { kind: 'conflict' };
    await this.#status.setStatus(JSON.parse(status) as Json);
    return { kind: 'ok' };
  }

  event(key: ResourceKey, _type: EventType, reason: string, message: string): void {
    this.#logger.info('event', { resource: printKey(key), reason, message });
    if (this.held() === undefined) void this.#status.tell(printKey(key), reason, message);
  }

  async #change(change: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const held = this.held();
    if (held !== undefined) return { kind: 'refused', reason: held.reason, message: held.message };
    return this.#orUnavailable(change);
  }

  #save(): Promise<void> { return this.#orUnavailable(() => this.#folder.save()); }

  /** A folder that cannot remember does not take part; what is wrong with it is held or begun anew meanwhile. */
  async #orUnavailable<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      if (error instanceof HiddenFileError) throw new ClusterUnavailableError(error.message, { cause: error });
      throw error;
    }
  }

  #requireNotHeld(): void {
    const held = this.held();
    if (held !== undefined) throw new ClusterUnavailableError(held.message);
  }
}

async function* pagesOf(keys: readonly ResourceKey[], state: FolderState): AsyncIterable<readonly ListedObject[]> {
  for (let at = 0; at < keys.length; at += LIST_PAGE) {
    yield keys.slice(at, at + LIST_PAGE).flatMap((key) => {
      const presence = state.presence(key);
      if (presence.kind !== 'live') return [];
      const { uid, version, hash, token } = presence.record;
      return [{ key, uid, resourceVersion: version.toString(), hash, token }];
    });
  }
}

function contentAt(path: string, text: string, key: ResourceKey, marks: readonly string[]): Content | undefined {
  const parsed = parseText(formatOf(path), text);
  if (parsed.kind !== 'parsed') return undefined;
  for (const { value } of parsed.manifests) {
    const content = contentOfKey(value, key, marks);
    if (content !== undefined) return content;
  }
  return undefined;
}

/** Other manifests of the same file may be wrong. */
function contentOfKey(value: JsonObject, key: ResourceKey, marks: readonly string[]): Content | undefined {
  try {
    const part = partOf(value, defaultNamespace, marks);
    return part.key === key ? part.content : undefined;
  } catch {
    return undefined;
  }
}

/** What a crash left unfinished. */
async function temporaryFiles(root: string): Promise<readonly string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile() && entry.name.startsWith(TEMPORARY_PREFIX)).map(({ parentPath, name }) => join(parentPath, name));
}
