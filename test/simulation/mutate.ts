import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants/index.ts';
import type { Mutant } from './mutants/index.ts';

const ROOT = new URL('../../', import.meta.url);

/** Writes one seeded bug into the product as it is loaded. Call before anything of the product is imported. @throws when its place is gone */
export function plant(name: string): void {
  const mutant = MUTANTS.find((candidate) => candidate.name === name);
  if (mutant === undefined) throw new RangeError(`no seeded bug "${name}"; there are\n${MUTANTS.map((candidate) => candidate.name).join('\n')}`);
  const url = new URL(mutant.file, ROOT).href;
  const source = mutated(mutant);
  registerHooks({
    load: (wanted, context, next) => (wanted === url ? { format: 'module-typescript', source, shortCircuit: true } : next(wanted, context)),
  });
}

/** The file with the bug in it. @throws when `find` does not stand there exactly once */
export function mutated({ name, file, find, replace }: Mutant): string {
  const text = readFileSync(fileURLToPath(new URL(file, ROOT)), 'utf8');
  if (text.split(find).length !== 2) throw new RangeError(`seeded bug "${name}": its place stands ${(text.split(find).length - 1).toString()} times in ${file}`);
  return text.replace(find, () => replace);
}
