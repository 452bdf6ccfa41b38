import { createRequire } from 'node:module';
import { createClient, createTables, openDynamo } from '../shared/adapters/dynamodb/index.ts';
import { systemClock } from '../shared/adapters/system/clock.ts';
import { asMember } from '../shared/model/ids.ts';
import { FunctionsFederation } from '../test/aws/functions/federation.ts';
import type { FunctionsMember } from '../test/aws/functions/federation.ts';
import type { Api } from '../test/aws/functions/front.ts';
import { variablesOf } from '../test/aws/functions/variables.ts';
import type { Bundle } from '../functions/bundle.ts';
import { FloorStore } from './floor-store.ts';
import type { Table } from './report.ts';
import { median, monotonicMs } from './samples.ts';
import { routeKey } from './writer.ts';

/** Times that everything takes turns; the median is told. */
const ROUNDS = 40;
const QUICK_ROUNDS = 3;
/** Longer than a look that found nothing is remembered (`QUIET_LIFE_MS`). */
const PAST_QUIET_MS = 1100;
/** Rounds of what has to wait that long. */
const SLOW_ROUNDS = 10;
const PEER = asMember('eu-west');

/** What is measured, and by which function and method it is served. */
const CALLS = {
  'a commit of one change': ['cluster-api', 'BridgeService/Commit'],
  'a bridge\'s pull of it': ['bridge-pull', 'BridgeService/Pull'],
  'a bridge\'s look, nothing new': ['bridge-pull', 'BridgeService/Pull'],
  'a peer\'s pull of one change': ['peer-api', 'PeerService/Pull'],
  'a peer\'s pull, nothing new for a second': ['peer-api', 'PeerService/Pull'],
} as const;
type Call = keyof typeof CALLS;

/**
 * How long the bundles of a region's functions take for a call, once they are warm, from the payload to the answer: over the emulator,
 * with a certificate to verify, without HTTP around it. In turns with the floor, one bare transaction of one row.
 */
export async function handlerTimes(bundles: readonly Bundle[], quick: boolean): Promise<Table> {
  const federation = await FunctionsFederation.start(['us-west', 'eu-west']);
  try {
    const [us, eu] = [federation.member('us-west'), federation.member('eu-west')];
    const floor = await floorBeside(us);
    const took = serveBundles(us, bundles);
    const times = new Map<Call | 'floor', number[]>();
    const note = (what: Call | 'floor', ms: number): void => { times.set(what, [...times.get(what) ?? [], ms]); };
    const timed = async (what: Call, work: () => Promise<unknown>): Promise<void> => {
      took.clear();
      await work();
      const ms = took.get(CALLS[what][1]);
      if (ms === undefined) throw new Error(`${what} was not served by ${CALLS[what].join(' ')}`);
      note(what, ms);
    };
    const round = async (number: number): Promise<void> => {
      const startedMs = monotonicMs();
      await floor.put(number);
      note('floor', monotonicMs() - startedMs);
      await timed('a commit of one change', () => us.cluster.write(routeKey(number), { hosts: [number] }));
      await timed('a bridge\'s pull of it', () => us.cluster.follow());
      await timed('a peer\'s pull of one change', () => eu.sync());
    };
    // Everything once, so that nothing of it is the first of its kind.
    await round(0);
    times.clear();
    const rounds = quick ? QUICK_ROUNDS : ROUNDS;
    for (let number = 1; number <= rounds; number += 1) await round(number);
    for (let slow = 0; slow < (quick ? 1 : SLOW_ROUNDS); slow += 1) {
      await systemClock.sleep(PAST_QUIET_MS);
      await timed('a bridge\'s look, nothing new', () => us.cluster.follow());
      await timed('a peer\'s pull, nothing new for a second', () => eu.operator.syncNow(undefined, AbortSignal.timeout(PAST_QUIET_MS * 10)));
    }
    const floorMs = median(times.get('floor') ?? []);
    return {
      title: 'Handlers, ms a call',
      columns: [{ name: 'call' }, { name: 'function' }, { name: 'ms', digits: 1 }, { name: 'of the floor', digits: 1 }],
      rows: [['floor: one transaction of one row', '-', floorMs, 1], ...(Object.entries(CALLS) as [Call, typeof CALLS[Call]][]).map(([what, [name]]) => { const ms = median(times.get(what) ?? []); return [what, name, ms, ms / floorMs]; })],
    };
  } finally {
    await federation.stop();
  }
}

/** Has the member's front hand over to bundles, as they are deployed. @returns how long each method's first call took since it was cleared */
function serveBundles(member: FunctionsMember, bundles: readonly Bundle[]): Map<string, number> {
  Object.assign(process.env, variablesOf(member.region.environment), { NOVAEDGE_LOG_LEVEL: 'error', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  const require = createRequire(import.meta.url);
  const took = new Map<string, number>();
  const apiOf = (name: string): Api => {
    const { handler } = require(bundles.find((bundle) => bundle.name === name)?.file ?? name) as { readonly handler: Api };
    return async (event, context) => {
      const startedMs = monotonicMs();
      const answer = await handler(event, context);
      const method = event.rawPath.split('.v1.')[1] ?? '';
      if (!took.has(method)) took.set(method, monotonicMs() - startedMs);
      return answer;
    };
  };
  member.serveBy({ 'PeerService': apiOf('peer-api'), 'BridgeService': apiOf('cluster-api'), 'BridgeService/Pull': apiOf('bridge-pull'), 'OperatorService': apiOf('operator-api'), 'OperatorService/SyncNow': apiOf('operator-sync') });
  return took;
}

/** Bare transactions of one row, on the emulator that the member is on, by the same way. */
async function floorBeside({ region: { environment: { awsEndpoint, awsRegion } } }: FunctionsMember): Promise<{ put(number: number): Promise<void> }> {
  const client = createClient({ region: awsRegion, endpoint: awsEndpoint, credentials: () => ({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined }) });
  const tables = { regional: 'floor-regional', ledger: 'floor-ledger' };
  await createTables(client, tables);
  const { store } = openDynamo({ client, tables, member: PEER, sleep: (ms) => systemClock.sleep(ms), random: Math.random });
  const floor = await FloorStore.start(store, PEER);
  return { put: (number) => floor.putTypical([number]) };
}
