import { groupOf, NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';
import type { Hash, ResourceKey } from '../../shared/model/ids.ts';
import { hashText } from '../../shared/model/content.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { isOwnedLocally, partOf } from '../bridge/manifest.ts';
import type { FileStat } from './file-stat.ts';
import { formatOf, parseText } from './manifest-text.ts';
import type { Manifest, Place, TextProblem } from './manifest-text.ts';
import { defaultNamespace } from './scopes.ts';

/** A resource as a file holds it. Its content is read again when it is needed. */
export interface Entry {
  readonly key: ResourceKey;
  readonly place: Place;
  readonly line: number;
  readonly hash: Hash;
  /** A controller made it: it is here, and not federated. */
  readonly isOwned: boolean;
}

/** A federation object; there should be one in a folder. */
export interface FederationEntry { readonly line: number; readonly manifest: string; readonly hash: Hash }

/** What a file says. With a problem, what is not among the entries may still be in it. */
export interface FileContents {
  readonly entries: readonly Entry[];
  readonly federations: readonly FederationEntry[];
  readonly problem: FileProblem | undefined;
}
export interface FileProblem { readonly kind: 'empty' | 'wrong'; readonly message: string }
export interface CatalogFile extends FileContents { readonly stat: FileStat }

/** Reads what a file's text says; `marks` are labels and annotations that are not federated. Never throws. */
export function readContents(path: string, text: string, marks: readonly string[]): FileContents {
  const parsed = parseText(formatOf(path), text);
  switch (parsed.kind) {
    case 'empty': return problemOnly({ kind: 'empty', message: `${path} is empty: what it held before counts as there; remove the file to remove it` });
    case 'unreadable': return problemOnly(wrong(path, parsed.problem));
    case 'parsed': return interpret(path, parsed.manifests, parsed.problems, marks);
  }
}

export const problemOnly = (problem: FileProblem): FileContents => ({ entries: [], federations: [], problem });
const wrong = (path: string, { line, column, message }: TextProblem): FileProblem => ({ kind: 'wrong', message: `${path}:${line.toString()}:${column.toString()}: ${message}` });

function interpret(path: string, manifests: readonly Manifest[], textProblems: readonly TextProblem[], marks: readonly string[]): FileContents {
  const entries: Entry[] = [];
  const federations: FederationEntry[] = [];
  const problems = textProblems.map((problem) => wrong(path, problem));
  for (const { place, line, value } of manifests) {
    try {
      if (isFederation(value)) federations.push(federationEntry(line, value));
      else entries.push(entryOf(place, line, value, marks));
    } catch (error) {
      problems.push(wrong(path, { line, column: 1, message: error instanceof Error ? error.message : String(error) }));
    }
  }
  return { entries, federations, problem: problems[0] };
}

function entryOf(place: Place, line: number, value: JsonObject, marks: readonly string[]): Entry {
  const { key, content } = partOf(value, defaultNamespace, marks);
  return { key, place, line, hash: content.hash, isOwned: isOwnedLocally(value) };
}

const isFederation = ({ apiVersion, kind }: JsonObject): boolean => kind === 'NovaEdgeFederation' && typeof apiVersion === 'string' && groupOf(apiVersion) === NOVAEDGE_GROUP;

function federationEntry(line: number, value: JsonObject): FederationEntry {
  const { status: _status, ...rest } = value;
  const manifest = JSON.stringify(rest);
  return { line, manifest, hash: hashText(manifest) };
}

/** Who holds what, at which line of which file. */
export interface Holder { readonly path: string; readonly entry: Entry }

/** What all files of the folder say, with an index by resource. */
export class Catalog {
  readonly #files = new Map<string, CatalogFile>();
  readonly #holders = new Map<ResourceKey, readonly Holder[]>();

  get files(): ReadonlyMap<string, CatalogFile> { return this.#files; }
  holders(key: ResourceKey): readonly Holder[] { return this.#holders.get(key) ?? []; }
  /** Resources that more than one place claims to be. */
  *duplicates(): Iterable<readonly [ResourceKey, readonly Holder[]]> {
    for (const [key, holders] of this.#holders) if (holders.length > 1) yield [key, holders];
  }
  *federations(): Iterable<{ readonly path: string; readonly entry: FederationEntry }> {
    for (const [path, file] of this.#files) for (const entry of file.federations) yield { path, entry };
  }

  /** Notes what a file says now; undefined: it is gone. Returns the resources it named before or names now. */
  put(path: string, file: CatalogFile | undefined): ReadonlySet<ResourceKey> {
    const before = this.#files.get(path);
    const keys = new Set([...(before?.entries ?? []), ...(file?.entries ?? [])].map(({ key }) => key));
    if (file === undefined) this.#files.delete(path);
    else this.#files.set(path, file);
    for (const key of keys) {
      const others = this.holders(key).filter((holder) => holder.path !== path);
      const here = (file?.entries ?? []).filter((entry) => entry.key === key).map((entry) => ({ path, entry }));
      if (others.length + here.length === 0) this.#holders.delete(key);
      else this.#holders.set(key, [...others, ...here]);
    }
    return keys;
  }
}
