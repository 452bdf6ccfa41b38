import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, Metric as CloudWatchMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { GAUGES, METRICS, METRICS_NAMESPACE } from '../../../functions/region/metrics.ts';
import type { Metric } from '../../../functions/region/metrics.ts';

/** The alarms there are; each has a section of the same name in docs/runbook.md, which its description leads to. */
export const ALARM_KINDS = ['Partitioned', 'PeersUnreachable', 'SyncLagHigh', 'ConflictsPending', 'DeletesHeld', 'PullsFail', 'Recovering', 'RecordsRefused', 'DeadLetters', 'FunctionErrors', 'PeersThrottled', 'DoorbellLag', 'TicksMissing', 'ApiErrors', 'TableThrottled', 'CertificateExpires'] as const;
export type AlarmKind = (typeof ALARM_KINDS)[number];

interface Rule {
  /** What it means, for somebody who was just woken by it. */
  readonly says: string;
  /** It rings at this value, or below it where `isFloor`. */
  readonly threshold: number;
  readonly isFloor?: boolean;
  /** Minutes it has to last, in steps of `everyMinutes`. */
  readonly minutes: number;
  readonly everyMinutes: number;
  /** Whether silence is what is wrong. */
  readonly isSilenceBad?: boolean;
}

const HOUR = 60;
const DAY = 24 * HOUR;

/** When each rings, and why then. */
const RULES: Readonly<Record<AlarmKind, Rule>> = {
  // Looked at with every round of heartbeats. The guides' alerts, with their limits.
  Partitioned: { says: 'No other member can be reached.', threshold: 1, minutes: 2, everyMinutes: 1 },
  SyncLagHigh: { says: 'A member has had something for 30 s that is not here.', threshold: 30, minutes: 5, everyMinutes: 1 },
  ConflictsPending: { says: 'Conflicts wait for a person.', threshold: 1, minutes: 10, everyMinutes: 5 },
  DeletesHeld: { says: 'More was deleted at once than is let through: somebody has to approve or reject it.', threshold: 1, minutes: 5, everyMinutes: 5 },
  // Each heartbeat round that misses somebody counts; one lost now and then is nobody's worry.
  PeersUnreachable: { says: 'Heartbeats to a peer fail again and again.', threshold: 3, minutes: 10, everyMinutes: 5 },
  PullsFail: { says: 'What peers have cannot be pulled.', threshold: 3, minutes: 15, everyMinutes: 5 },
  Recovering: { says: 'The region has lost state and takes no writes until it has recovered.', threshold: 1, minutes: 10, everyMinutes: 5 },
  RecordsRefused: { says: 'The ledger\'s stream holds something that cannot be read.', threshold: 1, minutes: 5, everyMinutes: 5 },
  // Nothing gets there in regular work.
  DeadLetters: { says: 'Something failed for good and waits for a person.', threshold: 1, minutes: 1, everyMinutes: 1 },
  // Single ones are made up for by the next tick.
  FunctionErrors: { says: 'A function fails again and again.', threshold: 3, minutes: 15, everyMinutes: 5 },
  PeersThrottled: { says: 'Calls of other members are turned away: heartbeats may be among them.', threshold: 1, minutes: 3, everyMinutes: 1 },
  // The schedule has pulled it by then.
  DoorbellLag: { says: 'Changes in the ledger are read a minute late.', threshold: 60_000, minutes: 5, everyMinutes: 1 },
  // It runs once a minute and for each tick within it.
  TicksMissing: { says: 'No scheduled work is started: no sync, heartbeat or collection.', threshold: 0, isFloor: true, minutes: 5, everyMinutes: 5, isSilenceBad: true },
  ApiErrors: { says: 'The region answers with errors of its own.', threshold: 5, minutes: 15, everyMinutes: 5 },
  // Every call is tried again up to eight times.
  TableThrottled: { says: 'DynamoDB turns requests to the regional table away.', threshold: 10, minutes: 15, everyMinutes: 5 },
  // An import is done by hand.
  CertificateExpires: { says: 'The domain\'s server certificate ends within 30 days.', threshold: 30, isFloor: true, minutes: DAY, everyMinutes: DAY },
};

export interface AlarmsProps {
  /** In front of every alarm's name. */
  readonly prefix: string;
  readonly runbookUrl: string;
  readonly topicArn: string | undefined;
}

/** The section of the runbook on an alarm. */
export const runbookSection = (runbookUrl: string, kind: AlarmKind): string => `${runbookUrl}#${kind.toLowerCase()}`;

/** The alarms of a region. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  readonly #props: AlarmsProps;
  readonly #action: SnsAction | undefined;

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.#props = props;
    this.#action = props.topicArn === undefined ? undefined : new SnsAction(Topic.fromTopicArn(this, 'Topic', props.topicArn));
  }

  /**
   * Adds an alarm of a kind on what `metricOf` measures.
   *
   * @param subject what it is about, where there are several of the kind
   * @param metricOf makes the metric for a period
   */
  add(kind: AlarmKind, metricOf: (period: Duration) => IMetric, subject?: string): void {
    const { says, threshold, isFloor = false, minutes, everyMinutes, isSilenceBad = false } = RULES[kind];
    const name = subject === undefined ? kind : `${kind}-${subject}`;
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#props.prefix}-${name}`,
      alarmDescription: `${says}${subject === undefined ? '' : ` (${subject})`} What to do: ${runbookSection(this.#props.runbookUrl, kind)}`,
      metric: metricOf(Duration.minutes(everyMinutes)),
      threshold,
      comparisonOperator: isFloor ? ComparisonOperator.LESS_THAN_OR_EQUAL_TO_THRESHOLD : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: minutes / everyMinutes,
      treatMissingData: isSilenceBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    if (this.#action !== undefined) {
      alarm.addAlarmAction(this.#action);
      alarm.addOkAction(this.#action);
    }
    this.all.push(alarm);
  }
}

/** A metric of the region's own (`functions/region/metrics.ts`). */
export const federationMetric = (metric: Metric, of: { readonly federationId: string; readonly member: string }, period: Duration): IMetric =>
  new CloudWatchMetric({ namespace: METRICS_NAMESPACE, metricName: METRICS[metric], dimensionsMap: { Federation: of.federationId, Member: of.member }, statistic: metric in GAUGES ? Stats.MAXIMUM : Stats.SUM, period });

/** Days that a certificate in ACM has left. */
export const daysToExpiry = (certificateArn: string, period: Duration): IMetric =>
  new CloudWatchMetric({ namespace: 'AWS/CertificateManager', metricName: 'DaysToExpiry', dimensionsMap: { CertificateArn: certificateArn }, statistic: Stats.MINIMUM, period });

/** Requests to a table that DynamoDB turned away for their number. */
export const throttledWrites = (tableName: string, period: Duration): IMetric =>
  new CloudWatchMetric({ namespace: 'AWS/DynamoDB', metricName: 'WriteThrottleEvents', dimensionsMap: { TableName: tableName }, statistic: Stats.SUM, period });
