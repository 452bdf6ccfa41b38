import { mkdirSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { parse, stringify } from 'yaml';
import type { LocalFederation } from '../local-federation.ts';
import type { Account, Fields } from './account.ts';

interface Manifest { readonly spec?: Fields }

/** Times a save begins anew because the file changed while it was prepared. */
const ATTEMPTS = 50;

export const fileOf = (route: string): string => `default/proxyroute-${route}.yaml`;
export const manifestOf = (route: string, spec: Fields): unknown => ({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: route, namespace: 'default' }, spec });

/** Edits routes in members' folders as careful people do: they save right after reading, whole files, by rename. */
export class Editor {
  readonly #federation: LocalFederation;
  readonly #account: Account;
  readonly #isDown: (member: string) => boolean;
  constructor(federation: LocalFederation, account: Account, isDown: (member: string) => boolean) {
    this.#isDown = isDown;
    this.#federation = federation;
    this.#account = account;
  }

  /** What a route says in a member's folder; undefined where it has none. */
  read(member: string, route: string): Fields | undefined {
    return this.#look(this.#federation.file(member, fileOf(route)))?.spec;
  }

  /** Changes a route; `undefined` deletes its file, and what was there changes nothing. Returns what it says then. */
  save(member: string, route: string, change: (before: Fields | undefined) => Fields | undefined): Fields | undefined {
    const path = this.#federation.file(member, fileOf(route));
    mkdirSync(dirname(path), { recursive: true });
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = this.#look(path);
      const after = change(found?.spec);
      if (after === found?.spec) return after;
      const temporary = `${path}.saving~`;
      if (after !== undefined) writeFileSync(temporary, stringify(manifestOf(route, after)));
      // Nothing tells whether the bridge writes between this look and the rename: 20 µs, of some hundred milliseconds.
      if (stateOf(path) !== found?.state) { rmSync(temporary, { force: true }); continue; }
      if (after !== undefined) renameSync(temporary, path);
      else if (found !== undefined) unlinkSync(path);
      this.#account.note(member, route, found?.spec, after, this.#isDown(member));
      return after;
    }
    throw new Error(`${path} does not stand still`);
  }

  #look(path: string): { readonly spec: Fields; readonly state: string } | undefined {
    const state = stateOf(path);
    if (state === undefined) return undefined;
    try {
      return { spec: (parse(readFileSync(path, 'utf8')) as Manifest).spec ?? {}, state };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }
}

function stateOf(path: string): string | undefined {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stat && `${stat.ino.toString()} ${stat.mtimeNs.toString()} ${stat.size.toString()}`;
}
