import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import type { FileStat } from './file-stat.ts';
import { fileStatAt } from './file-stat.ts';
import { codeOf } from './atomic-file.ts';
import { DEPTH, FILES } from './limits.ts';

/** What was found in the folder. Paths are relative, with `/`. */
export interface Scan {
  readonly files: ReadonlyMap<string, FileStat>;
  /** Folders, the root (`''`) among them. */
  readonly folders: ReadonlySet<string>;
  /** What was left out, and why. */
  readonly left: readonly { readonly path: string; readonly message: string }[];
  readonly tooMany: boolean;
}

/** Names that may hold manifests. Editors' backups, swap files and everything hidden are none of ours. */
export const isManifestName = (name: string): boolean => !name.startsWith('.') && !name.startsWith('#') && /\.(?:ya?ml|json)$/.test(name);
const isHidden = (name: string): boolean => name.startsWith('.');

/** Files between two breaks for others. */
const STRETCH = 200;

/** Walks the folder. Links are not followed. @throws the file system's error where the root itself cannot be read */
export async function scanFolder(root: string): Promise<Scan> {
  const files = new Map<string, FileStat>();
  const folders = new Set<string>();
  const left: { path: string; message: string }[] = [];
  const waiting: { path: string; depth: number }[] = [{ path: '', depth: 0 }];
  for (let folder = waiting.shift(); folder !== undefined; folder = waiting.shift()) {
    folders.add(folder.path);
    for (const entry of await entriesOf(root, folder.path, left)) {
      const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (isHidden(entry.name)) continue;
        if (folder.depth < DEPTH) waiting.push({ path, depth: folder.depth + 1 });
        else left.push({ path, message: `folders are read down to a depth of ${DEPTH.toString()}` });
      } else if (isManifestName(entry.name)) {
        const stat = entry.isFile() ? fileStatAt(join(root, path)) : undefined;
        if (entry.isSymbolicLink()) left.push({ path, message: 'links are not followed: put the file itself here' });
        else if (stat !== undefined) files.set(path, stat);
        if (files.size > FILES) return { files, folders, left, tooMany: true };
        if (files.size % STRETCH === 0) await yieldToOthers();
      }
    }
  }
  return { files, folders, left, tooMany: false };
}

async function entriesOf(root: string, path: string, left: { path: string; message: string }[]): Promise<readonly Dirent[]> {
  try {
    return (await readdir(join(root, path), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    if (path === '') throw error;
    if (codeOf(error) !== 'ENOENT') left.push({ path, message: `the folder cannot be read: ${error instanceof Error ? error.message : String(error)}` });
    return [];
  }
}
