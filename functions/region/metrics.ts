import type { OpenRegion } from './open-region.ts';

/** Of all metrics here; the dimension is the member. */
export const METRICS_NAMESPACE = 'NovaEdge/Federation';

/** What stood when an invocation looked, by `health`; everything else is a count of one invocation. */
export const GAUGES = {
  membersUnhealthy: 'MembersUnhealthy',
  syncLagSeconds: 'SyncLagSeconds',
  partitioned: 'Partitioned',
  conflictsPending: 'ConflictsPending',
  deletesHeld: 'DeletesHeld',
} as const;

/** Names of metrics, shared with alarms and dashboards. */
export const METRICS = {
  ...GAUGES,
  pullFailures: 'PullFailures',
  changesPulled: 'ChangesPulled',
  pushFailures: 'PushFailures',
  heartbeatFailures: 'HeartbeatFailures',
  comparisonFailures: 'ComparisonFailures',
  rowsRepaired: 'RowsRepaired',
  rowsCollected: 'RowsCollected',
  deletesPublished: 'DeletesPublished',
  deletesJoined: 'DeletesJoined',
  recordsRefused: 'RecordsRefused',
  recovering: 'Recovering',
} as const;
export type Metric = keyof typeof METRICS;
export type Counts = Readonly<Partial<Record<Metric, number>>>;

/** Puts counts in the log in CloudWatch's embedded metric format: no call, no wait. Those that are nought are told as well. */
export function tellMetrics({ environment, replica: { clock }, writeLog }: OpenRegion, counts: Counts): void {
  const named = Object.entries(counts).map(([metric, count]) => [METRICS[metric as Metric], count] as const);
  if (named.length === 0) return;
  writeLog(JSON.stringify({
    _aws: { Timestamp: clock.nowMs(), CloudWatchMetrics: [{ Namespace: METRICS_NAMESPACE, Dimensions: [['Federation', 'Member']], Metrics: named.map(([name]) => ({ Name: name, Unit: 'Count' })) }] },
    Federation: environment.federationId, Member: environment.member, ...Object.fromEntries(named),
  }));
}
