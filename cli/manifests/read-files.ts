import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandError, isSystemError } from '../errors.ts';
import type { Host } from '../host.ts';

/** A text and what to call it in messages. */
export interface NamedText { readonly name: string; readonly text: string }

/** Folders below the one named. */
const MAX_DEPTH = 8;
/** Files of one folder; a federation of this size has other tools. */
const MAX_FILES = 20_000;

/** Names of manifests; nothing hidden. */
export const isManifestName = (name: string): boolean => /^[^.#].*\.(?:ya?ml|json)$/.test(name);

/**
 * The texts that `-f` names: files, folders, and `-` for standard input.
 *
 * @throws CommandError naming what cannot be read
 */
export async function readNamed(names: readonly string[], recursive: boolean, host: Pick<Host, 'workingFolder' | 'readStdin'>): Promise<readonly NamedText[]> {
  const texts: NamedText[] = [];
  for (const name of names) {
    if (name === '-') texts.push({ name: 'standard input', text: await host.readStdin() });
    else texts.push(...filesOf(name, resolve(host.workingFolder, name), recursive).map((path) => readText(path)));
  }
  return texts;
}

function readText(path: NamedPath): NamedText {
  return { name: path.name, text: attempt(path.name, () => readFileSync(path.path, 'utf8')) };
}

interface NamedPath { readonly name: string; readonly path: string }

function filesOf(name: string, path: string, recursive: boolean): readonly NamedPath[] {
  if (!attempt(name, () => statSync(path)).isDirectory()) return [{ name, path }];
  const files = manifestFiles(path, recursive ? MAX_DEPTH : 0);
  if (files.length === 0) throw new CommandError('invalid', `${name} has no files ending in .yaml, .yml or .json${recursive ? '' : '; -R looks into its folders as well'}`);
  return files.map((file) => ({ name: join(name, file), path: join(path, file) }));
}

/**
 * The manifests in a folder, in the order of their names, by relative path. Links are not followed.
 *
 * @throws CommandError when there are too many
 */
export function manifestFiles(folder: string, depth: number): readonly string[] {
  const entries = attempt(folder, () => readdirSync(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = entries.flatMap((entry): readonly string[] => {
    if (entry.isFile() && isManifestName(entry.name)) return [entry.name];
    return entry.isDirectory() && depth > 0 && !entry.name.startsWith('.') ? manifestFiles(join(folder, entry.name), depth - 1).map((file) => join(entry.name, file)) : [];
  });
  if (files.length > MAX_FILES) throw new CommandError('too-large', `${folder} has more than ${MAX_FILES.toString()} manifests`);
  return files;
}

function attempt<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CommandError('invalid', `${name} ${cause.code === 'ENOENT' ? 'does not exist' : `cannot be read (${cause.code})`}`, { cause });
  }
}
