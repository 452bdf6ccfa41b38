import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import { exclusive } from './exclusive.ts';
import { goBuild } from './go-build.ts';
import type { Program } from './programs.ts';
import { SOURCES } from './programs.ts';

/** Raise it when the way of building changes, so that nobody goes on with programs built otherwise. */
const RECIPE = 1;
/** A cold build takes three minutes on two cores; a slow machine or network may take this. */
const BUILD_PATIENCE_MS = 1_800_000;

/**
 * Paths of the programs, built from the Go module proxy when they are first asked for and kept in the user's cache folder under a key
 * of their pinned sources. `KUBEBUILDER_ASSETS`, where it is set, is a folder whose programs go before: the layout that
 * controller-runtime's `setup-envtest` makes. Processes that ask at once wait for the one that builds.
 *
 * @param say is told of a build, which takes minutes
 * @throws Error in one sentence where a program is neither there nor can be built
 */
export async function binaries<P extends Program>(programs: readonly P[], say: (text: string) => void): Promise<Readonly<Record<P, string>>> {
  const paths = new Map(programs.map((program) => [program, given(program) ?? built(program)]));
  const missing = (): readonly P[] => programs.filter((program) => !existsSync(paths.get(program) ?? ''));
  if (missing().length > 0) {
    mkdirSync(cacheFolder(), { recursive: true });
    await exclusive(join(cacheFolder(), 'kubernetes-build.lock'), BUILD_PATIENCE_MS, async () => {
      for (const program of missing()) await build(program, built(program), say);
    });
  }
  return Object.fromEntries(paths) as Readonly<Record<P, string>>;
}

function given(program: Program): string | undefined {
  const assets = process.env['KUBEBUILDER_ASSETS'] ?? '';
  if (assets === '') return undefined;
  const path = join(assets, program);
  return existsSync(path) ? path : undefined;
}

function built(program: Program): string {
  const sources = ['go.mod', 'go.sum'].map((name) => readFileSync(join(SOURCES[program].module, name)));
  const key = createHash('sha256').update(`${RECIPE.toString()} ${process.platform} ${process.arch}\n`).update(Buffer.concat(sources)).digest('hex').slice(0, 12);
  return join(cacheFolder(), `${program === 'helm' ? 'helm' : 'kubernetes'}-${key}`, program);
}

/** A program is there whole or not at all. */
async function build(program: Program, path: string, say: (text: string) => void): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true });
  const unfinished = `${path}.${process.pid.toString()}`;
  const startedMs = Date.now();
  say(`Building ${program} (once; ${SOURCES[program].note}) …`);
  await goBuild(program, unfinished);
  renameSync(unfinished, path);
  say(`Built ${program} in ${Math.round((Date.now() - startedMs) / 1000).toString()} s.`);
}
