import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
/** A seeded bug that is not caught by then means that the generator or an invariant is too weak. */
export const MAX_SCHEDULES = 5000;
const AT_ONCE = 2;

/** How many schedules it took to catch a seeded bug; undefined when it was not caught. */
export function schedulesUntilCaught(name: string, seed: number, atMost: number = MAX_SCHEDULES): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [MAIN, '--mutant', name, '--schedules', atMost.toString(), '--seed', seed.toString()], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const count = /^(\d+) schedules, (\d+) findings/m.exec(stdout);
      if (count === null) { reject(new Error(`${name}: ${stderr || (error?.message ?? 'ended without a count')}`)); return; }
      resolve(count[2] === '0' ? undefined : Number(count[1]));
    });
  });
}

/** Hunts all seeded bugs. Returns 0, or 1 when one got away. */
export async function hunt(say: (text: string) => void, seed: number): Promise<number> {
  const left = [...MUTANTS];
  let escaped = 0;
  const worker = async (): Promise<void> => {
    for (let mutant = left.shift(); mutant !== undefined; mutant = left.shift()) {
      const caught = await schedulesUntilCaught(mutant.name, seed);
      if (caught === undefined) escaped += 1;
      say(`${caught === undefined ? 'NOT CAUGHT' : caught.toString().padStart(10)}  ${mutant.name}`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  say(`${(MUTANTS.length - escaped).toString()} of ${MUTANTS.length.toString()} seeded bugs caught`);
  return escaped === 0 ? 0 : 1;
}
