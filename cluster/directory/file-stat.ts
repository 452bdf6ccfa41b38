import { lstatSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';

/** What tells one state of a file from another without reading it. The change time moves even where somebody sets the others back. */
export interface FileStat {
  readonly inode: bigint;
  readonly bytes: bigint;
  readonly modifiedNs: bigint;
  readonly changedNs: bigint;
}

export const statOf = (stats: BigIntStats): FileStat => ({ inode: stats.ino, bytes: stats.size, modifiedNs: stats.mtimeNs, changedNs: stats.ctimeNs });

export const sameStat = (a: FileStat | undefined, b: FileStat | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && a.inode === b.inode && a.bytes === b.bytes && a.modifiedNs === b.modifiedNs && a.changedNs === b.changedNs);

/** What stands at a path, links not followed. Synchronous on purpose: between this and a rename nothing else of ours can come. */
export function lookAt(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** The state of the regular file at a path; undefined for anything else. */
export function fileStatAt(path: string): FileStat | undefined {
  const stats = attempt(() => lookAt(path));
  return stats?.isFile() === true ? statOf(stats) : undefined;
}

/** A path that cannot be looked at, because a part of it is a file or may not be read, holds no file for us. */
function attempt<T>(look: () => T | undefined): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/**
 * Which file or folder this is, whatever is done to it. An inode alone is not enough: a new file often gets the number of one just
 * removed. Where the system does not keep the time of birth (then it tells the change time, or zero), the inode has to do.
 */
export interface Identity { readonly inode: bigint; readonly bornNs: bigint | undefined }

export const identityOf = (stats: BigIntStats): Identity =>
  ({ inode: stats.ino, bornNs: stats.birthtimeNs === stats.ctimeNs || stats.birthtimeNs === 0n ? undefined : stats.birthtimeNs });

export const isSameThing = (a: Identity | undefined, b: Identity | undefined): boolean =>
  a !== undefined && b !== undefined && a.inode === b.inode && (a.bornNs === undefined || b.bornNs === undefined || a.bornNs === b.bornNs);

/** What stands at a path, links not followed. */
export function identityAt(path: string): Identity | undefined {
  const stats = attempt(() => lookAt(path));
  return stats === undefined ? undefined : identityOf(stats);
}
