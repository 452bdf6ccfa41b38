import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { MemberPlan, Plan } from './supervisor/plan.ts';

const EXAMPLES = fileURLToPath(new URL('../docs/examples/setup-guide', import.meta.url));
const ROUTE = 'default/proxyroute-test-route.yaml';
/** A change is visible in far less; this is when the demo gives up. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 10;

/**
 * The setup guide's Step 7: a route applied at one member is at all others, identical; edited at another it is so everywhere;
 * deleted it is gone. Prints each step with how long it took. Returns 0, or 1 with what differed.
 */
export async function runDemo(plan: Plan, say: (text: string) => void): Promise<number> {
  const [first, second] = plan.members;
  if (first === undefined) return 1;
  const source = join(first.folder, 'demo', 'route.yaml');
  const step = async (what: string, where: readonly MemberPlan[], check: (member: MemberPlan) => Promise<string | undefined>): Promise<boolean> => {
    const startedMs = Date.now();
    say(`\n${what}`);
    const results = await Promise.all(where.map(async (member) => ({ member, problem: await until(() => check(member)), tookMs: Date.now() - startedMs })));
    for (const { member, problem, tookMs } of results) say(problem === undefined ? `  ok    ${member.name.padEnd(10)} after ${tookMs.toString()} ms` : `  FAIL  ${member.name.padEnd(10)} ${problem}`);
    return results.every(({ problem }) => problem === undefined);
  };

  await mkdir(dirname(source), { recursive: true });
  await cp(join(EXAMPLES, 'route.yaml'), source);
  const wanted: unknown = parse(await readFile(source, 'utf8'));
  const others = plan.members.filter(({ name }) => name !== first.name);
  const appeared = await step(`1. Apply ProxyRoute/default/test-route at ${first.name}; it should exist and be identical at the others.`, others, (member) => differs(join(member.folder, ROUTE), wanted));

  const editor = second ?? first;
  const edited = appeared ? await editHostname(second === undefined ? source : join(editor.folder, ROUTE)) : undefined;
  const followed = appeared && (await step(`2. Change its hostname at ${editor.name}; every member should follow, ${first.name} in its own file.`, plan.members.filter(({ name }) => name !== editor.name), (member) =>
    differs(member.name === first.name ? source : join(member.folder, ROUTE), edited)));

  await rm(source, { force: true });
  const gone = followed && (await step(`3. Delete it at ${first.name}; it should be gone everywhere.`, others, async (member) => ((await exists(join(member.folder, ROUTE))) ? 'the route is still there' : undefined)));
  say(gone ? '\nThe federation did what the guide says.' : '\nSomething differed; see above and the logs in the data folder.');
  return gone ? 0 : 1;
}

/** Edits a file as a person would; returns what it says then. */
async function editHostname(path: string): Promise<unknown> {
  const text = (await readFile(path, 'utf8')).replace('test.example.com', 'demo.example.com');
  await writeFile(path, text);
  return parse(text) as unknown;
}

async function differs(path: string, wanted: unknown): Promise<string | undefined> {
  if (!(await exists(path))) return `there is no ${path}`;
  return isDeepStrictEqual(parse(await readFile(path, 'utf8')), wanted) ? undefined : `${path} is not identical`;
}

const exists = (path: string): Promise<boolean> => readFile(path).then(() => true, () => false);

/** Looks until there is no problem any more, or the patience is over; returns the last problem. */
async function until(check: () => Promise<string | undefined>): Promise<string | undefined> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const problem = await check();
    if (problem === undefined || Date.now() > deadlineMs) return problem;
    await sleep(LOOK_MS);
  }
}
