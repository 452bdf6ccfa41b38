import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bundle } from '../functions/bundle.ts';
import { bundleFunctions } from '../functions/bundle.ts';
import { handlerTimes } from './handlers.ts';
import { atMost } from './report.ts';
import type { Section } from './report.ts';

/** Issue 5: no bundle over 200 KB, none that takes longer than 45 ms to import. */
const GOAL_KB = 200;
const GOAL_IMPORT_MS = 45;
/** Processes of which the fastest counts: everything else a machine does only ever adds. */
const RUNS = 15;
/** What every function of any kind imports; a floor under its own. */
const FLOOR = 'import "node:https";import "node:crypto";import "node:zlib";';

/** Variables that a handler reads when it is imported. Nobody is called. */
const ENVIRONMENT = {
  NOVAEDGE_FEDERATION_ID: 'bench', NOVAEDGE_MEMBER: 'us-west', NOVAEDGE_REGIONAL_TABLE: 'r', NOVAEDGE_LEDGER_TABLE: 'l', NOVAEDGE_EVENT_BUS: 'b', NOVAEDGE_TICK_QUEUE_URL: 'https://sqs.invalid/q',
  NOVAEDGE_MEMBER_SECRET: 's', AWS_REGION: 'us-west-2', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test',
};

/** Sizes of the bundles, and how long their import takes in a process of its own. */
export async function measureFunctions(quick: boolean): Promise<Section> {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-bench-'));
  try {
    const runs = quick ? 3 : RUNS;
    const bundles = await bundleFunctions(folder);
    const files = [floorIn(folder), ...bundles.map(({ file }) => file)];
    // In turns, so that what else the machine does meets all of them.
    const times = files.map((): number[] => []);
    for (let run = 0; run < runs; run += 1) for (const [at, file] of files.entries()) times[at]?.push(importMsOf(file));
    const [floorMs = 0, ...importsMs] = times.map((some) => Math.min(...some));
    const found = bundles.map((bundle, at) => ({ bundle, importMs: importsMs[at] ?? 0 }));
    const heaviest = Math.max(...bundles.map(({ bytes }) => bytes));
    return {
      part: 'functions',
      notes: [`Minified bundles as they are deployed, and their import in a new process on this Node, the fastest of ${runs.toString()}. The import of what Node brings\nfor any of them (https, crypto, zlib) takes ${floorMs.toFixed(1)} ms here.`, 'Handlers: the same bundles, warm, from payload to answer, over the DynamoDB emulator; a certificate is verified with each call, and HTTP is not\nin it. In turns with the floor: one bare transaction of one row, on the same emulator. Its figures say nothing of DynamoDB\'s speed.'],
      tables: [{
        title: 'Functions',
        columns: [{ name: 'function' }, { name: 'KB', digits: 0 }, { name: 'import ms', digits: 1 }, { name: 'of the floor', digits: 1 }, { name: 'most of it' }],
        rows: found.map(({ bundle, importMs }) => [bundle.name, bundle.bytes / 1000, importMs, importMs / floorMs, mostOf(bundle)]),
      }, await handlerTimes(bundles, quick)],
      goals: [
        atMost('the heaviest bundle, KB', GOAL_KB, heaviest / 1000),
        atMost('the longest import, ms', GOAL_IMPORT_MS, Math.max(...found.map(({ importMs }) => importMs))),
      ],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const mostOf = ({ contents }: Bundle): string => contents.slice(0, 3).map(({ from, bytes }) => `${from} ${(bytes / 1000).toFixed(0)}`).join(', ');

/** A module that imports what any function does, and does nothing. */
function floorIn(folder: string): string {
  const file = join(folder, 'floor.mjs');
  writeFileSync(file, FLOOR);
  return file;
}

function importMsOf(file: string): number {
  const script = 'const t=performance.now();await import(process.argv[1]);process.stdout.write(String(performance.now()-t))';
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script, file], { encoding: 'utf8', env: { ...process.env, ...ENVIRONMENT } });
  if (status !== 0) throw new Error(`${file} cannot be imported: ${stderr.slice(-500)}`);
  return Number(stdout);
}
