import { CATALOG, FUNCTION_NAMES } from '../../functions/catalog.ts';
import type { FunctionName } from '../../functions/catalog.ts';
import { METRICS } from '../../functions/region/metrics.ts';
import { PRICES } from './prices.ts';
import type { Piece, Usage } from './usage.ts';

/** A federation at work. */
export interface Scenario { readonly name: string; readonly members: number; /** Single changes a minute, of the whole federation. */ readonly changesPerMinute: number }
export const SCENARIOS: readonly Scenario[] = [
  { name: 'idle', members: 3, changesPerMinute: 0 },
  { name: '1 change a minute', members: 3, changesPerMinute: 1 },
  { name: '100 changes a minute', members: 3, changesPerMinute: 100 },
];

/** Seconds between two runs of each job. */
export interface Intervals { readonly sync: number; readonly health: number; readonly antiEntropy: number }

/** Milliseconds that an invocation is paid for: assumptions, for peers some 100 ms away and nothing new. */
const DURATION_MS: Readonly<Record<FunctionName, number>> = {
  'peer-api': 20, 'cluster-api': 40, 'bridge-pull': 40, 'operator-api': 40, 'operator-sync': 500, 'agent-api': 10, sync: 250, 'anti-entropy': 250, health: 150, 'garbage-collect': 60, tick: 30, push: 150, doorbell: 250,
};
const MINUTES_A_MONTH = 30 * 24 * 60;
const LOG_BYTES = 600;
/** A bridge asks again after 20 s of waiting, and its region looks every second meanwhile. */
const BRIDGE_WAIT_SECONDS = 20;
const LOOKS_A_SECOND = 1;
/** One for each function and each queue of dead letters, and those that a region has once (`infra/region/monitoring/runbook.test.ts` lists them). */
const ALARMS = FUNCTION_NAMES.length + FUNCTION_NAMES.filter((name) => CATALOG[name].deadLetters).length + 14;
const METRICS_TOLD = Object.keys(METRICS).length;

/** What a region costs a month, in US dollars, by what it is paid for. */
export interface Bill { readonly database: number; readonly functions: number; readonly bridge: number; readonly requests: number; readonly watching: number; readonly total: number }

/** The bill of one region, by its own work and by what the others ask of it. */
export function billOf({ members, changesPerMinute }: Scenario, intervals: Intervals, usage: Usage): Bill {
  const peers = members - 1;
  const own = changesPerMinute / members;
  const others = changesPerMinute - own;
  const [syncs, beats, compares] = [60 / intervals.sync, 60 / intervals.health, 60 / intervals.antiEntropy];
  const jobs = syncs + beats + compares + 1;
  const times: Readonly<Record<Piece, number>> = {
    commit: own, take: others,
    pull: syncs * peers, answerPull: syncs * peers,
    beat: beats * peers, answerBeat: beats * peers, health: beats,
    compare: compares * peers, answerCompare: compares * peers,
    house: 1, look: 60 * LOOKS_A_SECOND,
  };
  const invocations: Readonly<Record<FunctionName, number>> = {
    sync: syncs, health: beats, 'anti-entropy': compares, 'garbage-collect': 1, tick: 1 + jobs,
    'peer-api': (syncs + beats + compares) * peers + others, 'cluster-api': own, 'bridge-pull': 0, 'operator-api': 0, 'operator-sync': 0, 'agent-api': 0,
    push: own, doorbell: others,
  };
  const pieces = Object.entries(times) as [Piece, number][];
  // The clock row of every commit arrives once in each other region.
  const database = sum(pieces.map(([piece, count]) => count * (usage[piece].reads * PRICES.readUnit + usage[piece].writes * PRICES.writeUnit))) + others * PRICES.writeUnit;
  const functions = sum((Object.entries(invocations) as [FunctionName, number][]).map(([name, count]) => count * (PRICES.invocation + gigabyteSeconds(name, DURATION_MS[name] / 1000) * PRICES.gigabyteSecond)));
  const waits = 60 / BRIDGE_WAIT_SECONDS;
  const bridge = waits * (PRICES.invocation + PRICES.httpApiRequest) + gigabyteSeconds('bridge-pull', 60) * PRICES.gigabyteSecond;
  const requests = (invocations['peer-api'] + invocations['cluster-api']) * PRICES.httpApiRequest + (jobs + own) * PRICES.event + 3 * jobs * PRICES.queueRequest;
  const logs = sum(Object.values(invocations)) * LOG_BYTES / 1e9 * PRICES.logGigabyte;
  const monthly = { database, functions, bridge, requests };
  const watching = logs * MINUTES_A_MONTH + ALARMS * PRICES.alarm + METRICS_TOLD * PRICES.metric + PRICES.dashboard + PRICES.secret;
  const scaled = Object.fromEntries(Object.entries(monthly).map(([name, cost]) => [name, cost * MINUTES_A_MONTH])) as typeof monthly;
  return { ...scaled, watching, total: sum(Object.values(scaled)) + watching };
}

/** Three replicas of a small controller with a disk each behind a balancer, in one region. */
export const PODS = { replicas: 3, cpus: 0.25, gigabytes: 0.5, diskGigabytes: 10 };

/** What these cost a month. */
export function podsBill(): number {
  const hours = MINUTES_A_MONTH / 60;
  return PODS.replicas * (hours * (PODS.cpus * PRICES.cpuHour + PODS.gigabytes * PRICES.memoryGigabyteHour) + PODS.diskGigabytes * PRICES.diskGigabyte) + hours * PRICES.balancerHour;
}

const gigabyteSeconds = (name: FunctionName, seconds: number): number => (CATALOG[name].memoryMb / 1024) * seconds;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
