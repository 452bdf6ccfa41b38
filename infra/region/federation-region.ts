import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CATALOG, FUNCTION_NAMES } from '../../functions/catalog.ts';
import type { FunctionEntry, FunctionName, Trigger } from '../../functions/catalog.ts';
import { VARIABLES, writeQueues } from '../../functions/environment.ts';
import type { LogLevel } from '../../functions/environment.ts';
import { busName, ledgerTableName } from '../names.ts';
import { FederationApi } from './api/federation-api.ts';
import { DeadLetterQueue } from './dead-letters/dead-letter-queue.ts';
import { LedgerStream } from './doorbell/ledger-stream.ts';
import { FederationBus } from './events/federation-bus.ts';
import { FederationFunction } from './functions/federation-function.ts';
import type { CodeOf } from './functions/federation-function.ts';
import { statementsFor } from './functions/rights.ts';
import { Alarms, daysToExpiry, federationMetric, throttledWrites } from './monitoring/alarms.ts';
import { RegionDashboard } from './monitoring/dashboard.ts';
import { MemberSecret } from './secret/member-secret.ts';
import { RegionalTable } from './table/regional-table.ts';
import { TickQueue } from './ticks/tick-queue.ts';

export interface FederationRegionProps {
  readonly federationId: string;
  /** The member that this region acts for, as in `spec.localMember.name`. */
  readonly member: string;
  /** The member that writes for all in hub-spoke. */
  readonly hub?: string | undefined;
  /** Host of the member's endpoint, without port. */
  readonly domain: string;
  /** Server certificate for the domain in ACM, in this stack's region. */
  readonly certificateArn: string;
  /** Where that was imported or issued by a private authority: one of ACM's own that proves who owns the domain. */
  readonly ownershipCertificateArn?: string | undefined;
  /** Path of a PEM file: the authorities of which one must have issued a caller's certificate. */
  readonly truststore: string;
  /** Domains that peers' endpoints may be in; empty: any. */
  readonly peerDomains?: readonly string[];
  /** A table to use instead of the own one: restored from a backup, or kept from an earlier stack. */
  readonly restoredTable?: string | undefined;
  readonly logRetentionDays: RetentionDays;
  readonly logLevel?: LogLevel;
  /** Whether Lambda traces the functions' invocations (X-Ray); off unless given. */
  readonly tracing?: boolean;
  /** Where alarms are sent, in this stack's region; without it they only show. */
  readonly alarmTopicArn?: string | undefined;
  /** Where the runbook is; alarms lead to its sections. */
  readonly runbookUrl: string;
  /** The bundle of each function; `bundledCode` makes them from this repository. */
  readonly codeOf: CodeOf;
}

/**
 * Everything that acts for one member: its table, its functions, their API, what starts them, and what tells when they fail. The
 * federation's ledger must have a replica in the stack's region. Nothing in it refers to another member's resources.
 *
 * The table and the secret outlive the stack.
 */
export class FederationRegion extends Construct {
  readonly table: RegionalTable['table'];
  readonly secret: MemberSecret['secret'];
  readonly bus: FederationBus;
  readonly api: FederationApi;
  readonly ticks: TickQueue;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  /** Of the functions that have one. */
  readonly deadLetters: Readonly<Partial<Record<FunctionName, IQueue>>>;
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, props: FederationRegionProps) {
    super(scope, id);
    const { federationId, member, logRetentionDays, codeOf, runbookUrl } = props;
    this.table = new RegionalTable(this, 'Table', { restoredTable: props.restoredTable }).table;
    this.secret = new MemberSecret(this, 'Secret', { federationId, member }).secret;
    this.bus = new FederationBus(this, 'Bus', { federationId, member });
    this.api = new FederationApi(this, 'Api', { federationId, member, domain: props.domain, certificateArn: props.certificateArn, ownershipCertificateArn: props.ownershipCertificateArn, truststore: props.truststore, logRetentionDays });
    const queues = this.#deadLetterQueues();
    this.deadLetters = queues;
    this.ticks = new TickQueue(this, 'Ticks', { timeoutSeconds: CATALOG.tick.timeoutSeconds, deadLetters: required(queues.tick, 'tick') });
    const stream = new LedgerStream(this, 'LedgerStream', { federationId, member, codeOf, logRetentionDays });

    const environment = this.#environment(props);
    const parts = { federationId, member, table: this.table, bus: this.bus.bus, ticks: this.ticks.queue, deadLetters: Object.values(queues), secret: this.secret };
    const built = record((name) => {
      const entry = CATALOG[name];
      return new FederationFunction(this, constructId(name), {
        entry, code: codeOf(entry), environment, statements: statementsFor(this, entry.rights, parts), logRetentionDays, tracing: props.tracing ?? false, deadLetters: queues[name],
      });
    });
    this.functions = record((name) => built[name].function);
    for (const entry of Object.values(CATALOG)) for (const trigger of entry.triggers) this.#start(trigger, entry, built[entry.name], stream);

    this.alarms = this.#watch(props);
    new RegionDashboard(this, 'Dashboard', {
      federationId, member, runbookUrl, alarms: this.alarms, api: this.api.api, functions: this.functions, tableName: this.table.tableName, deadLetters: queues, ticks: this.ticks.queue,
    });
  }

  #deadLetterQueues(): Partial<Record<FunctionName, IQueue>> {
    const names = FUNCTION_NAMES.filter((name) => CATALOG[name].deadLetters);
    return Object.fromEntries(names.map((name) => [name, new DeadLetterQueue(this, `${constructId(name)}DeadLetters`).queue]));
  }

  #environment({ federationId, member, hub, peerDomains = [], logLevel = 'info' }: FederationRegionProps): Readonly<Record<string, string>> {
    return {
      [VARIABLES.federationId]: federationId,
      [VARIABLES.member]: member,
      ...(hub !== undefined && { [VARIABLES.hub]: hub }),
      [VARIABLES.regionalTable]: this.table.tableName,
      [VARIABLES.ledgerTable]: ledgerTableName(federationId),
      [VARIABLES.eventBus]: this.bus.bus.eventBusName,
      [VARIABLES.tickQueueUrl]: this.ticks.queue.queueUrl,
      [VARIABLES.deadLetterQueues]: writeQueues(Object.fromEntries(Object.entries(this.deadLetters).map(([name, { queueUrl }]) => [name, queueUrl]))),
      [VARIABLES.memberSecret]: this.secret.secretArn,
      ...(peerDomains.length > 0 && { [VARIABLES.peerDomains]: peerDomains.join(',') }),
      [VARIABLES.logLevel]: logLevel,
    };
  }

  #start(trigger: Trigger, entry: FunctionEntry, built: FederationFunction, stream: LedgerStream): void {
    const deadLetters = this.deadLetters[entry.name];
    switch (trigger.kind) {
      case 'http': for (const route of trigger.routes) this.api.route(route, built.function); return;
      case 'event':
      case 'schedule': this.bus.start(trigger, { entry, target: built.function, deadLetters }); return;
      case 'tick-queue': this.ticks.feed(built.function, trigger.batchSize); return;
      case 'ledger-stream': stream.ring(built, { batchSize: trigger.batchSize, maxAttempts: trigger.maxAttempts, deadLetters: required(deadLetters, entry.name) });
    }
  }

  #watch({ federationId, member, runbookUrl, alarmTopicArn, certificateArn }: FederationRegionProps): Alarms {
    const alarms = new Alarms(this, 'Alarms', { prefix: busName(federationId, member), runbookUrl, topicArn: alarmTopicArn });
    const own = {
      Partitioned: 'partitioned', PeersUnreachable: 'heartbeatFailures', SyncLagHigh: 'syncLagSeconds', ConflictsPending: 'conflictsPending', DeletesHeld: 'deletesHeld',
      PullsFail: 'pullFailures', Recovering: 'recovering', RecordsRefused: 'recordsRefused',
    } as const;
    for (const [kind, metric] of Object.entries(own)) alarms.add(kind as keyof typeof own, (period) => federationMetric(metric, { federationId, member }, period));
    for (const [name, queue] of Object.entries(this.deadLetters)) alarms.add('DeadLetters', (period) => queue.metricApproximateNumberOfMessagesVisible({ period }), name);
    for (const [name, target] of Object.entries(this.functions)) alarms.add('FunctionErrors', (period) => target.metricErrors({ period }), name);
    alarms.add('PeersThrottled', (period) => this.functions['peer-api'].metricThrottles({ period }));
    alarms.add('DoorbellLag', (period) => this.functions.doorbell.metric('IteratorAge', { period, statistic: 'Maximum' }));
    alarms.add('TicksMissing', (period) => this.functions.tick.metricInvocations({ period }));
    alarms.add('ApiErrors', (period) => this.api.api.metricServerError({ period }));
    alarms.add('TableThrottled', (period) => throttledWrites(this.table.tableName, period));
    alarms.add('CertificateExpires', (period) => daysToExpiry(certificateArn, period));
    return alarms;
  }
}

/** `peer-api` is the construct `PeerApi`, from which CloudFormation makes the function's name. */
const constructId = (name: FunctionName): string => name.split('-').map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('');

const record = <Value>(valueOf: (name: FunctionName) => Value): Record<FunctionName, Value> =>
  Object.fromEntries(FUNCTION_NAMES.map((name) => [name, valueOf(name)])) as Record<FunctionName, Value>;

function required(queue: IQueue | undefined, name: FunctionName): IQueue {
  if (queue === undefined) throw new Error(`the function ${name} needs deadLetters in the catalog: what starts it has nowhere else to put what fails`);
  return queue;
}
