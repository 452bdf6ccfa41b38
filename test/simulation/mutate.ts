import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants/index.ts';
import type { Mutant, Place } from './mutants/index.ts';

const ROOT = new URL('../../', import.meta.url);

/** Writes one seeded bug into the product as it is loaded. Call before anything of the product is imported. @throws when its place is gone */
export function plant(name: string): void {
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new RangeError(`no seeded bug "${name}"; there are\n${MUTANTS.map((candidate) => candidate.name).join('\n')}`);
  const sources = mutatedSources(mutant);
  registerHooks({
    load: (wanted, context, next) => {
      const source = sources.get(wanted);
      return source === undefined ? next(wanted, context) : { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}

/** The files that a seeded bug stands in, with it, by their addresses. @throws when a place is gone */
export function mutatedSources({ name, also, ...first }: Mutant): ReadonlyMap<string, string> {
  const sources = new Map<string, string>();
  // Both may be in one file.
  for (const place of also === undefined ? [first] : [first, also]) {
    const { href } = new URL(place.file, ROOT);
    sources.set(href, mutated(name, place, sources.get(href) ?? readFileSync(fileURLToPath(href), 'utf8')));
  }
  return sources;
}

function mutated(name: string, { file, find, replace }: Place, text: string): string {
  if (text.split(find).length !== 2) throw new RangeError(`seeded bug "${name}": its place stands ${(text.split(find).length - 1).toString()} times in ${file}`);
  return text.replace(find, () => replace);
}
