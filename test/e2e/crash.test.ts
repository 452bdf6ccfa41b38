import { test } from 'vitest';
import { crash } from './crash/run.ts';

/** `npm run crash -- --cycles 200 --seed 7` runs more of them. */
const CYCLES = 20;
const SEED = Math.floor(Date.now() / 1000);

test(`${CYCLES.toString()} cycles of kill -9 and cuts lose no edit, from seed ${SEED.toString()} on [I3] [I4] [I5] [I11]`, async () => {
  await crash({ cycles: CYCLES, seed: SEED, say: (line) => { process.stdout.write(`crash: ${line}\n`); } });
}, 900_000);
