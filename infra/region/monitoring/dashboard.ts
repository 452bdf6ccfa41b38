import { Duration } from 'aws-cdk-lib';
import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { AlarmStatusWidget, Dashboard, GraphWidget, Metric, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Metric as MetricOfRegion } from '../../../functions/region/metrics.ts';
import { dashboardName } from '../../names.ts';
import { federationMetric } from './alarms.ts';
import type { Alarms } from './alarms.ts';

export interface RegionDashboardProps {
  readonly federationId: string;
  readonly member: string;
  readonly runbookUrl: string;
  readonly alarms: Alarms;
  readonly api: HttpApi;
  readonly functions: Readonly<Record<string, IFunction>>;
  readonly tableName: string;
  readonly deadLetters: Readonly<Record<string, IQueue>>;
  readonly ticks: IQueue;
}

/** The dashboard has 24 columns. */
const HALF = 12;
const FULL = 24;
const PERIOD = Duration.minutes(5);

/** One page on a region: its alarms, then what comes in, what works, what it costs, what is left lying. */
export class RegionDashboard extends Construct {
  constructor(scope: Construct, id: string, props: RegionDashboardProps) {
    super(scope, id);
    const { federationId, member, runbookUrl, alarms, api, functions, tableName, deadLetters, ticks } = props;
    const own = (metrics: readonly MetricOfRegion[]): IMetric[] => metrics.map((metric) => federationMetric(metric, { federationId, member }, PERIOD));
    const each = (metric: (target: IFunction) => IMetric): IMetric[] => Object.values(functions).map(metric);
    new Dashboard(this, 'Dashboard', {
      dashboardName: dashboardName(federationId, member),
      widgets: [
        [new TextWidget({ width: FULL, height: 1, markdown: `NovaEdge **${federationId}**, member **${member}** – [runbook](${runbookUrl})` })],
        [new AlarmStatusWidget({ width: FULL, title: 'Alarms', alarms: alarms.all })],
        [
          graph('Requests and errors', [api.metricCount(), api.metricClientError(), api.metricServerError()]),
          graph('Latency', [api.metricLatency({ statistic: Stats.p(50) }), api.metricLatency({ statistic: Stats.p(99) })]),
        ],
        [graph('Invocations', each((target) => target.metricInvocations())), graph('Errors', each((target) => target.metricErrors()))],
        [graph('Duration, p99', each((target) => target.metricDuration({ statistic: Stats.p(99) }))), graph('Throttles', each((target) => target.metricThrottles()))],
        [
          graph('Members: unhealthy, partitioned; sync lag in seconds', own(['membersUnhealthy', 'partitioned', 'syncLagSeconds'])),
          graph('What waits for a person', own(['conflictsPending', 'deletesHeld'])),
        ],
        [
          graph('Changes pulled, rows repaired', own(['changesPulled', 'rowsRepaired'])),
          graph('What fails with peers', own(['heartbeatFailures', 'pullFailures', 'pushFailures', 'comparisonFailures'])),
        ],
        [graph('Regional table: units', [units('ConsumedWriteCapacityUnits', tableName), units('ConsumedReadCapacityUnits', tableName)]), graph('Ticks waiting', [ticks.metricApproximateNumberOfMessagesVisible()])],
        [graph('Dead letters', Object.values(deadLetters).map((queue) => queue.metricApproximateNumberOfMessagesVisible()))],
      ],
    });
  }
}

const graph = (title: string, left: IMetric[]): GraphWidget => new GraphWidget({ title, left, width: HALF });

const units = (metricName: string, tableName: string): Metric =>
  new Metric({ namespace: 'AWS/DynamoDB', metricName, dimensionsMap: { TableName: tableName }, statistic: Stats.SUM });
