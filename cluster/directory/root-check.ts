import { statSync } from 'node:fs';

/** What tells a folder from another at the same path; an inode alone is used again at once. */
export interface RootIdentity { readonly inode: bigint; readonly bornNs: bigint }

/** The folder at a path; undefined where there is none. */
export function rootAt(path: string): RootIdentity | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isDirectory() === true ? { inode: stats.ino, bornNs: stats.birthtimeNs } : undefined;
  } catch {
    return undefined;
  }
}

export const sameRoot = (a: RootIdentity, b: RootIdentity): boolean => a.inode === b.inode && a.bornNs === b.bornNs;
