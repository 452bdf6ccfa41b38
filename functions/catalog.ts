import type { FunctionName, Job } from './names.ts';
import { EVENT_SOURCE, FUNCTION_NAMES, JOBS, TICK_EVENT } from './names.ts';

/*
 * The functions of a region, as data: what the infrastructure deploys and the bundler builds. Loads no handler.
 */
export { EVENT_SOURCE, FUNCTION_NAMES, JOBS, TICK_EVENT };
export type { FunctionName, Job };

/** What starts a function. */
export type Trigger =
  /** Routes of the region's HTTP API, payload format 2.0. */
  | { readonly kind: 'http'; readonly routes: readonly string[] }
  /** A rule on the region's bus: `source` EVENT_SOURCE and this `detail-type`, for ticks with `detail.job`. */
  | { readonly kind: 'event'; readonly detailType: string; readonly job?: Job }
  /** EventBridge's own clock, on the default bus. */
  | { readonly kind: 'schedule'; readonly everyMinutes: number }
  /** The queue of delayed ticks, with ReportBatchItemFailures. */
  | { readonly kind: 'tick-queue'; readonly batchSize: number }
  /**
   * The stream of the region's replica of the ledger (new images), with ReportBatchItemFailures, bisecting, and a filter: inserts and
   * changes of items whose partition key `p` is another member's.
   */
  | { readonly kind: 'ledger-stream'; readonly batchSize: number; readonly maxAttempts: number };

/** What a function may do, in terms of the region's parts. Which actions these are is said in docs/storage.md. */
export interface Rights {
  readonly regionalTable: 'none' | 'read' | 'read-write';
  /** `write` is for keys of the own member only (dynamodb:LeadingKeys). */
  readonly ledgerTable: 'none' | 'read' | 'read-write';
  /** events:PutEvents on the region's bus. */
  readonly putEvents: boolean;
  /** sqs:SendMessage to the queue of delayed ticks. */
  readonly sendTicks: boolean;
  /** Holding, releasing and removing messages of all queues of dead letters, and counting them. */
  readonly replayDeadLetters: boolean;
  /** secretsmanager:GetSecretValue of the member's certificate, key and authorities. */
  readonly readSecret: boolean;
}

export interface FunctionEntry {
  readonly name: FunctionName;
  /** The file that exports `handler`, from the root of the repository. */
  readonly entry: string;
  /** One line, as the function's description. */
  readonly purpose: string;
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly triggers: readonly Trigger[];
  readonly rights: Rights;
  /** Invocations kept for this function alone, so that no flood of another takes them; and the most it has at once. */
  readonly reservedConcurrency?: number;
  /** Whether what fails for good has to be kept: the schedule makes up for everything else by itself. */
  readonly deadLetters: boolean;
}

/** API Gateway gives up after 30 s; the services answer after 29 (`callTimeoutMs`). */
const API_TIMEOUT_SECONDS = 30;
/** A handler's limit that `minimumTombstoneTtlMs` counts with. */
const LONGEST_SECONDS = 300;
/** More memory is more processor: below this a cold start takes noticeably longer, above it bills more than it saves. */
const MEMORY_MB = 512;
/** Deep comparisons hold pages of a megabyte of several peers. */
const LARGE_MEMORY_MB = 1024;
/**
 * Of the function that a bridge's pull waits in, day and night: memory is what that is paid for. 128 MB would be half of it once more, but
 * the process takes 72 MB before its first call, a page of a megabyte is in it several times over while it is made (rows, message, answer),
 * and processor comes by memory: what is shown to a cluster would be shown a tenth of a second later.
 */
const WAITING_MEMORY_MB = 256;
/** Heartbeats and pages of some ten members at once, with room for as many that are slow. */
const PEER_CONCURRENCY = 20;
/** Work of the whole region that goes on until it is done: a second one at it would only meet the first one's conditions, and pay for it. */
const ONE_AT_A_TIME = 1;
/** An invocation takes milliseconds a tick. */
const TICKS_PER_BATCH = 10;
/** One invocation pulls once for all records of its batch. */
const STREAM_BATCH = 100;
/** Bisected seven times, a batch of 100 is down to the record at fault. */
const STREAM_ATTEMPTS = 10;

const NOTHING: Rights = { regionalTable: 'none', ledgerTable: 'none', putEvents: false, sendTicks: false, replayDeadLetters: false, readSecret: false };
/** Works with peers and writes what they send. */
const EXCHANGE: Rights = { ...NOTHING, regionalTable: 'read-write', ledgerTable: 'read', putEvents: true, readSecret: true };
/** Also writes the clock row or publishes deletes. */
const WRITER: Rights = { ...EXCHANGE, ledgerTable: 'read-write' };

const service = (name: string): string => `POST /novaedge.federation.v1.${name}/{method}`;
const entryOf = (name: FunctionName): string => `functions/${name}/handler.ts`;
const tickOf = (job: Job): Trigger => ({ kind: 'event', detailType: TICK_EVENT, job });

export const CATALOG: Readonly<Record<FunctionName, FunctionEntry>> = {
  'peer-api': {
    name: 'peer-api', entry: entryOf('peer-api'), purpose: 'Answers the other members: heartbeats, pushes, pulls, comparisons.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: MEMORY_MB, reservedConcurrency: PEER_CONCURRENCY, deadLetters: false,
    triggers: [{ kind: 'http', routes: [service('PeerService'), 'GET /healthz'] }], rights: EXCHANGE,
  },
  'cluster-api': {
    name: 'cluster-api', entry: entryOf('cluster-api'), purpose: 'Answers the bridge of the member\'s cluster.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: MEMORY_MB, deadLetters: false,
    triggers: [{ kind: 'http', routes: [service('BridgeService')] }], rights: WRITER,
  },
  'bridge-pull': {
    name: 'bridge-pull', entry: entryOf('bridge-pull'), purpose: 'Answers the bridge of the member\'s cluster, which waits, with what changed.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: WAITING_MEMORY_MB, deadLetters: false,
    triggers: [{ kind: 'http', routes: ['POST /novaedge.federation.v1.BridgeService/Pull'] }], rights: WRITER,
  },
  'operator-api': {
    name: 'operator-api', entry: entryOf('operator-api'), purpose: 'Answers operators.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: MEMORY_MB, deadLetters: false,
    triggers: [{ kind: 'http', routes: [service('OperatorService')] }], rights: { ...WRITER, replayDeadLetters: true },
  },
  'operator-sync': {
    name: 'operator-sync', entry: entryOf('operator-sync'), purpose: 'Pulls from peers and compares with them when an operator says so.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: LARGE_MEMORY_MB, deadLetters: false,
    triggers: [{ kind: 'http', routes: ['POST /novaedge.federation.v1.OperatorService/SyncNow', 'POST /novaedge.federation.v1.OperatorService/Reconcile'] }], rights: WRITER,
  },
  'agent-api': {
    name: 'agent-api', entry: entryOf('agent-api'), purpose: 'Answers agents on nodes.',
    timeoutSeconds: API_TIMEOUT_SECONDS, memoryMb: MEMORY_MB, deadLetters: false,
    triggers: [{ kind: 'http', routes: [service('AgentService')] }], rights: { ...NOTHING, regionalTable: 'read', ledgerTable: 'read', readSecret: true },
  },
  sync: {
    name: 'sync', entry: entryOf('sync'), purpose: 'Recovers lost state, and pulls what peers have that is not here.',
    timeoutSeconds: LONGEST_SECONDS, memoryMb: MEMORY_MB, reservedConcurrency: ONE_AT_A_TIME, triggers: [tickOf('sync')], rights: WRITER, deadLetters: false,
  },
  'anti-entropy': {
    name: 'anti-entropy', entry: entryOf('anti-entropy'), purpose: 'Compares with each peer by Merkle index and repairs what differs.',
    timeoutSeconds: LONGEST_SECONDS, memoryMb: LARGE_MEMORY_MB, reservedConcurrency: ONE_AT_A_TIME, triggers: [tickOf('anti-entropy')], rights: EXCHANGE, deadLetters: false,
  },
  health: {
    name: 'health', entry: entryOf('health'), purpose: 'Exchanges heartbeats with each peer.',
    timeoutSeconds: 60, memoryMb: MEMORY_MB, triggers: [tickOf('health')], rights: EXCHANGE, deadLetters: false,
  },
  'garbage-collect': {
    name: 'garbage-collect', entry: entryOf('garbage-collect'), purpose: 'Collects what everybody knows, publishes and joins deletes of the ledger.',
    timeoutSeconds: LONGEST_SECONDS, memoryMb: MEMORY_MB, reservedConcurrency: ONE_AT_A_TIME, triggers: [tickOf('garbage-collect')], rights: { ...WRITER, readSecret: false }, deadLetters: false,
  },
  tick: {
    name: 'tick', entry: entryOf('tick'), purpose: 'Spreads the jobs over the minute by the intervals of the spec in force.',
    timeoutSeconds: 30, memoryMb: 256, deadLetters: true,
    triggers: [{ kind: 'schedule', everyMinutes: 1 }, { kind: 'tick-queue', batchSize: TICKS_PER_BATCH }],
    rights: { ...NOTHING, regionalTable: 'read', ledgerTable: 'read', putEvents: true, sendTicks: true },
  },
  push: {
    name: 'push', entry: entryOf('push'), purpose: 'Sends peers what was just committed, and publishes deletes in the ledger.',
    timeoutSeconds: 60, memoryMb: MEMORY_MB, triggers: [{ kind: 'event', detailType: 'Committed' }], rights: WRITER, deadLetters: true,
  },
  doorbell: {
    name: 'doorbell', entry: entryOf('doorbell'), purpose: 'Follows the ledger\'s stream: pulls from members whose clock moved, joins deletes.',
    timeoutSeconds: 60, memoryMb: MEMORY_MB, triggers: [{ kind: 'ledger-stream', batchSize: STREAM_BATCH, maxAttempts: STREAM_ATTEMPTS }], rights: EXCHANGE, deadLetters: true,
  },
};
