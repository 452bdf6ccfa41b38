import { constants, linkSync, renameSync, unlinkSync } from 'node:fs';
import { mkdir, open, realpath, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Random } from '../../shared/ports/clock.ts';
import { fileStatAt, lookAt, sameStat, statOf } from './file-stat.ts';
import type { FileStat } from './file-stat.ts';

/** Files of ours that are not finished. They are hidden, so nobody takes them for manifests, and swept at the next start. */
export const TEMPORARY_PREFIX = '.novaedge-tmp-';

/** A path that leads out of the folder, or over something that is no folder. */
export class OutsideError extends Error { override readonly name = 'OutsideError' }

/** A finished text beside its place, waiting to be put there. */
export interface Staged {
  /** The temporary name, without folders. */
  readonly name: string;
  /**
   * Puts it in place of exactly the file that was looked at (undefined: of none), in one step, and returns its state. `'moved'`:
   * something else stands there now. Synchronous, so nothing of ours comes between.
   */
  put(): FileStat | 'moved';
  /** Removes what was not put. */
  discard(): Promise<void>;
}

/**
 * Writes a text, durably, under a temporary name in the folder where it belongs. Folders on the way are created.
 *
 * @param root the folder nothing may be written outside of, with links resolved
 * @throws OutsideError | the file system's errors
 */
export async function stageFile(root: string, path: string, text: string, expected: FileStat | undefined, random: Random): Promise<Staged> {
  const target = join(root, path);
  const folder = dirname(target);
  await makeFolders(root, dirname(path));
  const temporary = join(folder, TEMPORARY_PREFIX + Buffer.from(random.bytes(8)).toString('hex'));
  const mode = expected === undefined ? 0o666 : Number((lookAt(target)?.mode ?? 0o666n) & 0o777n);
  await writeDurably(temporary, text, mode, expected !== undefined);
  let isPut = false;
  return {
    name: basename(temporary),
    put: () => {
      const stat = expected === undefined ? create(temporary, target) : replace(temporary, target, expected);
      isPut = stat !== 'moved';
      return stat;
    },
    discard: async () => { if (!isPut) await unlink(temporary).catch(() => undefined); },
  };
}

/** A link is refused where something stands already; a rename would replace it. */
function create(temporary: string, target: string): FileStat | 'moved' {
  try {
    linkSync(temporary, target);
    unlinkSync(temporary);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return 'moved';
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    // A file system without links.
    if (lookAt(target) !== undefined) return 'moved';
    renameSync(temporary, target);
  }
  return requireStat(target);
}

function replace(temporary: string, target: string, expected: FileStat): FileStat | 'moved' {
  if (!sameStat(fileStatAt(target), expected)) return 'moved';
  renameSync(temporary, target);
  return requireStat(target);
}

function requireStat(target: string): FileStat {
  const stats = lookAt(target);
  if (stats === undefined) throw new OutsideError(`${target} was removed while it was being written`);
  return statOf(stats);
}

/** Removes exactly the file that was looked at. */
export function removeFile(root: string, path: string, expected: FileStat): 'removed' | 'moved' {
  const target = join(root, path);
  if (!sameStat(fileStatAt(target), expected)) return 'moved';
  unlinkSync(target);
  return 'removed';
}

export async function writeDurably(path: string, text: string, mode: number, keepMode: boolean): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  try {
    if (keepMode) await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename or removal in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } catch (error) {
    // Some file systems have no such thing; then there is nothing to wait for.
    if (codeOf(error) !== 'EINVAL' && codeOf(error) !== 'EPERM') throw error;
  } finally {
    await folder.close();
  }
}

/** Creates the folders of a relative path, none of which may be a link. */
async function makeFolders(root: string, path: string): Promise<void> {
  let at = root;
  for (const part of path === '.' ? [] : path.split('/')) {
    at = join(at, part);
    await mkdir(at).catch((error: unknown) => { if (codeOf(error) !== 'EEXIST') throw error; });
    if (lookAt(at)?.isDirectory() !== true) throw new OutsideError(`${at} is not a folder; links are not followed`);
  }
  if ((await realpath(at)) !== at) throw new OutsideError(`${at} leads out of the folder; links are not followed`);
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
