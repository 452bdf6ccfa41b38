// Hostile bodies against the real server, every night: `node scripts/fuzz.ts [seed] [bodies]`.
// A finding is printed with the seed and its number; the same seed sends the same bodies again.
import { fuzz } from '../test/rpc/fuzz.ts';

const DEFAULT_BODIES = 100_000;

const [seed = Date.now() % 2 ** 32, bodies = DEFAULT_BODIES] = process.argv.slice(2).map(Number);
if (![seed, bodies].every((number) => Number.isSafeInteger(number) && number >= 0) || bodies === 0) {
  console.error('Usage: node scripts/fuzz.ts [seed] [bodies]; both are whole numbers.');
  process.exitCode = 2;
} else {
  console.log(`seed ${seed.toString()}, ${bodies.toString()} bodies`);
  const started = performance.now();
  const { sent, codes, kinds, findings } = await fuzz({ seed, bodies, progress: (number) => { console.log(`${number.toString()} sent`); } });
  console.log(`${sent.toString()} sent in ${((performance.now() - started) / 1000).toFixed(0)} s; answered ${JSON.stringify(codes)}; bodies ${JSON.stringify(kinds)}`);
  for (const finding of findings) console.error(`FINDING (seed ${seed.toString()}) ${JSON.stringify(finding)}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}
