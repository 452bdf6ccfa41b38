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
  const sources = new Map<string, string>();
  // Both may be in one file.
  for (const place of placesOf(mutant)) {
    const { href } = new URL(place.file, ROOT);
    sources.set(href, mutated(name, place, sources.get(href)));
  }
  registerHooks({
    load: (wanted, context, next) => {
      const source = sources.get(wanted);
      return source === undefined ? next(wanted, context) : { format: 'module-typescript', source, shortCircuit: true };
    },
  });
}

/** The places that a seeded bug is made of. */
export const placesOf = ({ also, ...first }: Mutant): readonly Place[] => (also === undefined ? [first] : [first, also]);

/** The file with the bug in it. @throws when `find` does not stand there exactly once */
export function mutated(name: string, { file, find, replace }: Place, text: string = readFileSync(fileURLToPath(new URL(file, ROOT)), 'utf8')): string {
  if (text.split(find).length !== 2) throw new RangeError(`seeded bug "${name}": its place stands ${(text.split(find).length - 1).toString()} times in ${file}`);
  return text.replace(find, () => replace);
}
