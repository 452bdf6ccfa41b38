import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OWNERSHIP_MARKS } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Problem } from '../bridge/cluster-port.ts';
import { Notifier } from '../bridge/notifier.ts';
import { removeFile } from './atomic-file.ts';
import { problemOnly, readContents } from './catalog.ts';
import type { CatalogFile, FileContents } from './catalog.ts';
import { fileStatAt, isSameThing, lookAt, sameStat } from './file-stat.ts';
import type { FileStat, Identity } from './file-stat.ts';
import { isManifestName, scanFolder } from './folder-scan.ts';
import type { Scan } from './folder-scan.ts';
import { FolderState } from './folder-state.ts';
import { FolderWatch } from './folder-watch.ts';
import { Holds } from './holds.ts';
import { HIDDEN_FILE, HiddenFile, HiddenFileError, readHidden } from './hidden-file.ts';
import { FILES, FILE_BYTES, FRESH_MS, LOST_PATIENCE_MS, QUIET_TICK_MS, RESCAN_MS, RESCAN_SHARE, SAVE_SOON_MS, VANISH_PATIENCE_MS } from './limits.ts';
import { ManifestWriter } from './manifest-writer.ts';
import { QuietFiles } from './quiet-files.ts';
import { rootAt } from './root-check.ts';

export interface FolderParts {
  /** With links resolved. */
  readonly root: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly listener: FolderListener;
  readonly watchEvents: boolean;
  /** Temporary files that a crash has left, by name. */
  readonly unfinished: ReadonlySet<string>;
}

/** Called when what the folder holds, or what may be said of it, is another than before. */
export interface FolderListener {
  changed(keys: readonly ResourceKey[]): void;
  federation(): void;
  problems(problems: readonly Problem[]): void;
  /** Held, let go, or another cluster. */
  condition(): void;
}

/** One opened life of the folder: what is remembered and what is there. Another identity is another life. */
interface Life { readonly hidden: HiddenFile; readonly state: FolderState; readonly writer: ManifestWriter }

/** A folder being followed: it is watched and rescanned, files are read when they are quiet, and what they say is remembered. */
export class Folder {
  readonly #parts: FolderParts;
  readonly #quiet = new QuietFiles();
  readonly #watch: FolderWatch;
  readonly #notice = new Notifier();
  readonly #closed = new AbortController();
  readonly #holds: Holds;
  #marks: readonly string[] = OWNERSHIP_MARKS;
  /** Files that say something else since the marks changed. */
  readonly #outdated = new Set<string>();
  #life: Life | undefined;
  #rootId: Identity | undefined;
  #scan: Promise<void> | undefined;
  #isScanWanted = false;
  #lastScan = { beganMs: -Infinity, tookMs: 0 };
  #saveAtMs = Infinity;
  #isBeginning = false;
  #lostSinceMs: number | undefined;
  #left: Scan['left'] = [];
  #told = '';
  #toldFederation = '';
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: FolderParts) {
    this.#parts = parts;
    this.#holds = new Holds(parts.logger, () => { parts.listener.condition(); });
    this.#watch = new FolderWatch(parts.root, parts.logger, (path) => { this.#onNotice(path); });
  }

  get life(): Life {
    if (this.#life === undefined) throw new RangeError('the folder was not started');
    return this.#life;
  }

  /** Looks at everything; afterwards changes are told. @throws HiddenFileError | the file system's errors */
  async start(): Promise<void> {
    this.#rootId = rootAt(this.#parts.root);
    const remembered = await readHidden(this.#parts.root);
    if ('kind' in remembered && remembered.why !== 'missing') this.#parts.logger.warn('hidden-file-not-used', { why: remembered.why, effect: 'the folder is another cluster than before: everything in it is a first contact' });
    await this.#begin('kind' in remembered ? undefined : remembered);
    this.#loop = this.#run();
  }

  /** Ends within what is being looked at; what is remembered is saved. */
  async close(): Promise<void> {
    this.#closed.abort(new Error('the folder was closed'));
    this.#watch.close();
    this.#notice.notify();
    await this.#loop;
    const hidden = this.#life?.hidden;
    if (hidden?.isDirty === true && !this.#holds.isHeld) await hidden.save().catch((error: unknown) => { this.#complain(error); });
  }

  held(): Problem | undefined {
    const beginning: Problem | undefined = this.#isBeginning ? { key: undefined, reason: 'Beginning', message: 'the folder is being read for the first time' } : undefined;
    return this.#holds.all[0] ?? beginning;
  }

  problems(): readonly Problem[] {
    const left = this.#left.map(({ path, message }): Problem => ({ key: undefined, reason: 'NotRead', message: `${path}: ${message}` }));
    return [...this.#holds.all, ...this.life.state.problems(), ...left];
  }

  /** Labels and annotations that are not federated. */
  get marks(): readonly string[] { return this.#marks; }

  /** Goes by other marks from now on: what every file says is read anew. */
  async keepLocal(marks: readonly string[]): Promise<void> {
    if (marks.join() === this.#marks.join()) return;
    this.#marks = marks;
    for (const path of this.life.state.catalog.files.keys()) {
      this.#outdated.add(path);
      this.suspect(path);
    }
    await this.settled();
  }

  /** A file is not what it was taken for: it is looked at soon. */
  suspect(path: string): void {
    this.#quiet.suspect(path, fileStatAt(join(this.#parts.root, path)), this.#parts.clock.nowMs());
    this.#notice.notify();
  }
  isSuspect(path: string): boolean { return this.#quiet.has(path); }

  /** Resolves when everything in the folder was looked at a moment ago, and what had changed was read. */
  async fresh(): Promise<void> {
    const { clock } = this.#parts;
    if (clock.nowMs() - this.#lastScan.beganMs > Math.max(FRESH_MS, this.#lastScan.tookMs / RESCAN_SHARE / 4)) await this.#scanOnce();
    await this.settled();
  }

  /** Resolves when no file is on the move, or one has been for too long. */
  async settled(): Promise<void> {
    const { clock } = this.#parts;
    const untilMs = clock.nowMs() + VANISH_PATIENCE_MS;
    while (this.#quiet.size > 0 && this.held() === undefined && clock.nowMs() < untilMs) {
      this.#notice.notify();
      await clock.sleep(QUIET_TICK_MS, this.#closed.signal);
    }
  }

  /** Makes what is remembered durable now. */
  async save(): Promise<void> {
    this.#saveAtMs = Infinity;
    try {
      await this.life.hidden.save();
      this.#holds.release('CannotWrite');
    } catch (error) {
      if (error instanceof HiddenFileError && error.kind === 'unwritable') this.#holds.hold('CannotWrite', error.message);
      else this.#isScanWanted = true;
      this.#notice.notify();
      throw error;
    }
  }

  /** Makes what is remembered durable before long. */
  saveSoon(): void {
    this.#saveAtMs = Math.min(this.#saveAtMs, this.#parts.clock.nowMs() + SAVE_SOON_MS);
    this.#notice.notify();
  }

  async #run(): Promise<void> {
    const { clock } = this.#parts;
    const isOpen = (): boolean => !this.#closed.signal.aborted;
    while (isOpen()) {
      try {
        await this.#notice.waitAtMost(this.#restMs(), clock, this.#closed.signal);
        if (this.#isScanDue()) {
          await this.#scanOnce();
          // There may be room again, or the right to write.
          if (this.#holds.has('CannotWrite')) await this.save();
        }
        await this.#takeQuiet();
        this.#isScanWanted ||= this.#quiet.hasVanishedSince(this.#lastScan.beganMs);
        if (clock.nowMs() >= this.#saveAtMs && !this.#holds.isHeld) await this.save();
        this.#tellProblems();
      } catch (error) {
        if (isOpen()) this.#complain(error);
      }
    }
  }

  #restMs(): number {
    if (this.#quiet.size > 0 || this.#isScanWanted) return QUIET_TICK_MS;
    const nowMs = this.#parts.clock.nowMs();
    return Math.max(0, Math.min(this.#nextScanMs(), this.#saveAtMs) - nowMs);
  }

  #nextScanMs(): number { return this.#lastScan.beganMs + Math.max(RESCAN_MS, this.#lastScan.tookMs / RESCAN_SHARE); }

  /** Scans that events ask for keep a distance from one another, as long as one takes. */
  #isScanDue(): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const { beganMs, tookMs } = this.#lastScan;
    // The clock may be set back.
    return nowMs >= this.#nextScanMs() || nowMs < beganMs || (this.#isScanWanted && nowMs >= beganMs + 2 * tookMs + QUIET_TICK_MS);
  }

  #onNotice(path: string | undefined): void {
    const name = path?.slice(path.lastIndexOf('/') + 1);
    if (path === undefined || name === undefined) this.#isScanWanted = true;
    else if (name.startsWith('.')) this.#isScanWanted ||= path === HIDDEN_FILE && this.#life?.hidden.check() !== 'ours';
    else if (isManifestName(name)) this.#suspectIfChanged(path);
    else this.#isScanWanted ||= lookAt(join(this.#parts.root, path))?.isFile() !== true;
    this.#notice.notify();
  }

  #suspectIfChanged(path: string): void {
    const stat = fileStatAt(join(this.#parts.root, path));
    if (this.#quiet.has(path) || !sameStat(stat, this.#life?.state.catalog.files.get(path)?.stat)) this.#quiet.suspect(path, stat, this.#parts.clock.nowMs());
  }

  /** Several who ask at the same time get one scan; it begins after they asked. */
  #scanOnce(): Promise<void> {
    this.#scan ??= Promise.resolve().then(() => this.#scanNow()).finally(() => { this.#scan = undefined; });
    return this.#scan;
  }

  async #scanNow(): Promise<void> {
    const { root, clock } = this.#parts;
    if (!(await this.#checkRoot())) { this.#lastScan = { beganMs: clock.nowMs(), tookMs: 0 }; return; }
    this.#isScanWanted = false;
    const beganMs = clock.nowMs();
    const scan = await scanFolder(root);
    this.#lastScan = { beganMs, tookMs: clock.nowMs() - beganMs };
    if (scan.tooMany) { this.#holds.hold('TooManyFiles', `the folder holds more than ${FILES.toString()} manifest files; split it between members`); return; }
    this.#holds.release('TooManyFiles');
    this.#left = scan.left;
    this.#suspectDifferences(scan);
    // What happened in a folder before it was watched is seen by one more scan.
    if (this.#parts.watchEvents && !this.#closed.signal.aborted && this.#watch.follow(scan.folders).length > 0) this.#isScanWanted = true;
  }

  #suspectDifferences({ files }: Scan): void {
    const nowMs = this.#parts.clock.nowMs();
    const { state } = this.life;
    for (const [path, stat] of files) if (!sameStat(stat, state.catalog.files.get(path)?.stat)) this.#quiet.suspect(path, stat, nowMs);
    for (const path of state.catalog.files.keys()) if (!files.has(path)) this.#quiet.suspect(path, undefined, nowMs);
  }

  /** Reads the files that are quiet and takes note of what they say, all in one step. */
  async #takeQuiet(): Promise<void> {
    const { root, clock, listener } = this.#parts;
    if (this.#holds.isHeld) { this.#quiet.clear(); return; }
    const look = (path: string): FileStat | undefined => fileStatAt(join(root, path));
    const quiet = this.#quiet.takeQuiet(clock.nowMs(), this.#lastScan.beganMs, look);
    if (quiet.length === 0) return;
    const { state, hidden } = this.life;
    const marks = this.#marks;
    const read: [string, CatalogFile | undefined][] = [];
    for (const { path, stat } of quiet) read.push([path, stat === undefined ? undefined : { ...(await this.#read(path, stat)), stat }]);
    if (!(await this.#checkRoot()) || this.life.state !== state) return;
    if (this.#marks !== marks) {
      for (const { path } of quiet) this.suspect(path);
      return;
    }
    const still = read.filter(([path, file]) => {
      const isStill = sameStat(look(path), file?.stat);
      if (!isStill) this.suspect(path);
      return isStill;
    });
    const taken = state.take(still.filter(([path, file]) => file === undefined || this.#outdated.delete(path) || !sameStat(file.stat, state.catalog.files.get(path)?.stat)));
    const keys = [...new Set([...taken, ...this.#giveWay(taken)])];
    const isFederationNews = this.#isFederationNews(state);
    if (hidden.isDirty) await this.save();
    if (keys.length > 0) listener.changed(keys);
    if (isFederationNews) listener.federation();
  }

  /** Somebody created an object in a file of their own while we were creating it in ours: theirs stays, as an edit of what ours showed. */
  #giveWay(keys: readonly ResourceKey[]): readonly ResourceKey[] {
    const { state, writer } = this.life;
    const ours = writer.justCreated();
    if (ours.size === 0) return [];
    return keys.flatMap((key) => {
      const file = state.givingWay(key, ours);
      return file !== undefined && removeFile(this.#parts.root, file.path, file.stat) === 'removed' ? state.take([[file.path, undefined]]) : [];
    });
  }

  async #read(path: string, { bytes }: FileStat): Promise<FileContents> {
    if (bytes > BigInt(FILE_BYTES)) return problemOnly({ kind: 'wrong', message: `${path}: ${bytes.toString()} bytes; files up to ${FILE_BYTES.toString()} bytes are read` });
    try {
      return readContents(path, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await readFile(join(this.#parts.root, path))), this.#marks);
    } catch (error) {
      return problemOnly({ kind: 'wrong', message: `${path}: cannot be read: ${error instanceof Error ? error.message : String(error)}` });
    }
  }

  #isFederationNews(state: FolderState): boolean {
    const now = JSON.stringify(state.federation());
    const isNews = now !== this.#toldFederation;
    this.#toldFederation = now;
    return isNews;
  }

  #tellProblems(): void {
    const problems = this.problems();
    const text = JSON.stringify(problems);
    if (text === this.#told) return;
    this.#told = text;
    this.#parts.listener.problems(problems);
  }

  /** Whether the folder still is the one that was opened. If not it is held, or begun anew as another cluster. */
  async #checkRoot(): Promise<boolean> {
    const { root } = this.#parts;
    const now = rootAt(root);
    if (now === undefined) { this.#holds.hold('RootMissing', `${root} is gone. Nothing is taken for deleted; put the folder back`); return false; }
    const isSame = isSameThing(now, this.#rootId);
    const check = isSame ? this.life.hidden.check() : 'replaced';
    if (check === 'ours') {
      this.#lostSinceMs = undefined;
      this.#holds.releaseRoot();
      return true;
    }
    if (check === 'lost' && this.#isLostForNow()) return false;
    const remembered = await readHidden(root);
    if (!isSame && 'kind' in remembered) {
      this.#holds.hold('RootReplaced', `another folder stands at ${root}, without ${HIDDEN_FILE}. Nothing is taken for deleted; put the old one back, or restart to begin with this one as a new cluster`);
      return false;
    }
    if (!('kind' in remembered) && remembered.clusterId === this.life.hidden.clusterId && remembered.epoch > this.life.hidden.epoch) {
      this.#holds.hold('TakenOver', `another bridge was started on ${root}; this one takes no more part`);
      return false;
    }
    this.#rootId = now;
    await this.#begin('kind' in remembered ? undefined : remembered);
    this.#parts.logger.warn('folder-begun-anew', { clusterId: this.life.hidden.clusterId, why: check === 'lost' ? 'the hidden file is gone' : 'the hidden file is another' });
    this.#parts.listener.condition();
    return true;
  }

  /** Somebody may be removing everything, and has come to the hidden file first. */
  #isLostForNow(): boolean {
    const nowMs = this.#parts.clock.nowMs();
    this.#lostSinceMs ??= nowMs;
    if (nowMs - this.#lostSinceMs >= LOST_PATIENCE_MS) return false;
    this.#holds.hold('HiddenFileLost', `${HIDDEN_FILE} is gone from the folder. Put it back; otherwise the folder is taken for another cluster, in which nothing is taken for deleted`);
    return true;
  }

  /** Starts a life: everything is looked at before anything is said. */
  async #begin(remembered: ConstructorParameters<typeof HiddenFile>[2]): Promise<void> {
    const { root, clock, random } = this.#parts;
    const hidden = new HiddenFile(root, { random, clock }, remembered, fileStatAt(join(root, HIDDEN_FILE)));
    const state = new FolderState(hidden, this.#parts.unfinished);
    const writer = new ManifestWriter({ root, state, random, clock, save: () => this.save(), saveSoon: () => { this.saveSoon(); }, suspect: (path) => { this.suspect(path); }, marks: () => this.#marks });
    this.#isBeginning = true;
    this.#lostSinceMs = undefined;
    this.#life = { hidden, state, writer };
    this.#quiet.clear();
    this.#watch.close();
    try {
      await hidden.save();
      this.#holds.clear();
      await this.#scanNow();
      for (const path of state.recordedFiles) if (!state.catalog.files.has(path)) this.suspect(path);
      while (this.#quiet.size > 0 && !this.#holds.isHeld) {
        await clock.sleep(QUIET_TICK_MS, this.#closed.signal);
        if (this.#quiet.hasVanishedSince(this.#lastScan.beganMs)) await this.#scanNow();
        await this.#takeQuiet();
      }
    } finally {
      this.#isBeginning = false;
    }
    this.#isFederationNews(state);
    this.#tellProblems();
  }

  #complain(error: unknown): void {
    this.#parts.logger.warn('folder-not-followed', { error: error instanceof Error ? error.message : String(error) });
  }
}
