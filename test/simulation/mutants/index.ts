import { EXCHANGING } from './exchanging.ts';
import { KEEPING } from './keeping.ts';
import type { Mutant } from './mutant.ts';
import { SHOWING } from './showing.ts';
import { WRITING } from './writing.ts';

/** The seeded bugs. The simulation has to catch each (docs/simulation.md). */
export const MUTANTS: readonly Mutant[] = [...WRITING, ...SHOWING, ...EXCHANGING, ...KEEPING];
export type { Mutant, Place } from './mutant.ts';
