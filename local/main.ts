import { join, relative, resolve } from 'node:path';
import { runDemo } from './demo.ts';
import type { StartOptions } from './options.ts';
import { readOptions, USAGE } from './options.ts';
import { startControlServer } from './supervisor/control-server.ts';
import { removeSupervisorFile, requireUnsupervised, settleSetup, StartError, writeSupervisorFile } from './supervisor/data-folder.ts';
import type { Plan } from './supervisor/plan.ts';
import { KubernetesClusters } from './supervisor/kubernetes-clusters.ts';
import { makePlan } from './supervisor/plan.ts';
import { prepare, prepareFolder } from './supervisor/prepare.ts';
import { Supervisor } from './supervisor/supervisor.ts';

const say = (text: string): void => { process.stdout.write(`${text}\n`); };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) { say(USAGE); return 0; }
  await requireUnsupervised(options.data);
  const setup = await settleSetup(options.data, options);
  if (options.demo && setup.hub !== undefined) throw new StartError('--demo: shows a mesh, where every member writes, and this is hub-spoke; leave --hub out, or give another --data');
  const plan = makePlan(options.data, setup.members, setup.firstPort, setup);
  const clusters = setup.kubernetes ? new KubernetesClusters(plan, say) : undefined;
  await clusters?.build();
  await prepare({ plan, logLevel: options.logLevel, nowMs: Date.now() });
  const supervisor = new Supervisor(plan, {
    prepare: (member) => clusters?.prepare(member) ?? prepareFolder(plan, member),
    ended: (member, how) => { say(`${member}: ${how}. Start it again with: npx novactl local start ${member}${dataOption(options)}`); },
    problems: (member, now, before) => {
      for (const problem of now) if (!before.includes(problem)) say(`${member}: ${problem}`);
      for (const problem of before) if (!now.includes(problem)) say(`${member}: over: ${problem}`);
    },
  });
  const control = await startControlServer(supervisor);
  await writeSupervisorFile(options.data, control);
  const stopAsked = new Promise<'SIGINT' | 'SIGTERM'>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { resolve(signal); });
  });
  try {
    say(`Starting ${plan.members.length.toString()} ${plan.members.length === 1 ? 'member' : 'members'} …`);
    const started = supervisor.start();
    const first = await Promise.race([started.then(() => 'started' as const), stopAsked]);
    if (first !== 'started') {
      started.catch(() => undefined); // Stopping ends what is starting.
      say('\nStopping …');
      return 0;
    }
    if (options.demo) return await runDemo(plan, say);
    await clusters?.writeKubeconfig();
    say(clusters === undefined ? welcome(plan, options) : welcomeToKubernetes(plan, options, clusters));
    await stopAsked;
    say('\nStopping …');
    return 0;
  } finally {
    await supervisor.stop();
    await clusters?.stop();
    control.close();
    await removeSupervisorFile(options.data);
  }
}

function welcome(plan: Plan, options: StartOptions): string {
  const width = Math.max(...plan.members.map(({ name }) => name.length));
  const [first, second] = plan.members;
  const here = (path: string): string => relative(process.cwd(), path) || '.';
  const lines = plan.members.map(({ name, port, folder }) => `  ${name.padEnd(width)}  https://127.0.0.1:${port.toString()}  ${here(folder)}/`);
  const data = dataOption(options);
  return [
    '', `Federation "${plan.federationId}" is running. Each folder is a cluster: its manifests are the cluster's objects.`, '', ...lines, '',
    'Try:',
    ...(first === undefined || second === undefined ? [] : [
      `  cp docs/examples/setup-guide/route.yaml ${here(first.folder)}/`,
      `  cat ${here(second.folder)}/default/proxyroute-test-route.yaml`,
      `  npx novactl federation status${configOption(options)}`,
      `  npx novactl local cut ${first.name} ${second.name}${data}`,
    ]),
    '', `Ctrl-C stops it; npm start${dataOption(options) === '' ? '' : ` --${dataOption(options)}`} goes on where it was.`,
  ].join('\n');
}

/** As one would type it from here. */
const here = (path: string): string => (relative(process.cwd(), path).startsWith('..') ? path : `./${relative(process.cwd(), path)}`);

function welcomeToKubernetes(plan: Plan, options: StartOptions, clusters: KubernetesClusters): string {
  const width = Math.max(...plan.members.map(({ name }) => name.length));
  const [first, second] = plan.members;
  const kubectl = here(clusters.kubectl);
  return [
    '', `Federation "${plan.federationId}" is running. Each member's cluster is a Kubernetes API server; KUBECONFIG=${here(clusters.kubeconfig)} has a context for each.`, '',
    ...plan.members.map(({ name, port }) => `  ${name.padEnd(width)}  https://127.0.0.1:${port.toString()}  kubectl --context ${name}`), '',
    'Try:',
    ...(first === undefined || second === undefined ? [] : [
      `  ${kubectl} --context ${first.name} apply -f docs/examples/setup-guide/route.yaml`,
      `  ${kubectl} --context ${second.name} get proxyroute test-route -o yaml`,
      `  ${kubectl} --context ${second.name} get fed -A`,
      `  npx novactl federation status${configOption(options)}`,
    ]),
    '', `Ctrl-C stops it; npm start -- --kubernetes${options.data === resolve('.novaedge-kubernetes') ? '' : dataOption(options)} goes on where it was.`,
  ].join('\n');
}

const dataOption = (options: StartOptions): string => (relative(process.cwd(), options.data) === '.novaedge' ? '' : ` --data ${relative(process.cwd(), options.data)}`);

/** novactl finds the nearest `.novaedge` by itself. */
const configOption = (options: StartOptions): string => (dataOption(options) === '' ? '' : ` --config ${relative(process.cwd(), join(options.data, 'novactl.yaml'))}`);

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof StartError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
}
