import { parseArgs } from 'node:util';
import { crash } from './run.ts';

const USAGE = `Usage: npm run crash -- [options]

Runs "npm start" as processes while members die by kill -9, connections are cut and people edit; tells at once what is lost or unequal.

  --cycles N    how many cycles (default 200)
  --seed S      what the edits, kills and cuts are taken from (default: the time)`;

const { values } = parseArgs({ options: { cycles: { type: 'string', default: '200' }, seed: { type: 'string' }, help: { type: 'boolean', default: false } } });
const say = (text: string): void => { process.stdout.write(`${text}\n`); };
if (values.help) {
  say(USAGE);
} else {
  const seed = Number(values.seed ?? Math.floor(Date.now() / 1000));
  say(`seed ${seed.toString()}`);
  await crash({ cycles: Number(values.cycles), seed, say });
}
