import { CustomResource, Duration, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, CfnEventSourceMapping, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { PARTITION } from '../../../shared/adapters/dynamodb/table-layout.ts';
import { ledgerTableName } from '../../names.ts';
import type { CodeOf, FederationFunction } from '../functions/federation-function.ts';
import { ledgerArn } from '../functions/rights.ts';

export interface LedgerStreamProps {
  readonly federationId: string;
  readonly member: string;
  readonly codeOf: CodeOf;
  readonly logRetentionDays: RetentionDays;
}

/** The handler that finds the stream, from the root of the repository. */
export const STREAM_ARN_ENTRY = { name: 'stream-arn', entry: 'infra/region/doorbell/stream-arn.handler.ts' } as const;

/**
 * A context value (`cdk deploy -c lookUpLedgerStream=NAME`) that has the stream looked up again, where the replica was made anew: CloudFormation
 * asks only when a property changes. Any value not given before will do; without it the next deploy looks again and finds the same.
 */
export const LOOK_AGAIN_CONTEXT = 'lookUpLedgerStream';
/** One look at a table. */
const LOOK_TIMEOUT = Duration.seconds(30);
/** A doorbell whose peer is slow must not hold up those of others; records of one member stay in order. */
const PARALLEL_BATCHES = 2;
/** A doorbell says that there is something to pull: an hour later the schedule has pulled it. */
const MAX_AGE_SECONDS = 3600;

/**
 * The stream of the ledger's replica in the stack's region. The replica belongs to the ledger's stack, so its stream, whose name holds the
 * time it was made, is looked up when this stack is deployed.
 */
export class LedgerStream extends Construct {
  readonly #member: string;
  readonly #streamArn: string;

  constructor(scope: Construct, id: string, { federationId, member, codeOf, logRetentionDays }: LedgerStreamProps) {
    super(scope, id);
    this.#member = member;
    const logGroup = new LogGroup(this, 'Logs', { retention: logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: 'NovaEdge: looks up the ledger\'s stream while the stack is deployed.' });
    role.addToPolicy(new PolicyStatement({ sid: 'WriteLog', actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }));
    role.addToPolicy(new PolicyStatement({ sid: 'DescribeLedger', actions: ['dynamodb:DescribeTable'], resources: [ledgerArn(this, federationId)] }));
    const finder = new LambdaFunction(this, 'Function', {
      description: 'Looks up the ledger\'s stream while the stack is deployed.',
      runtime: Runtime.NODEJS_24_X, architecture: Architecture.ARM_64, handler: 'index.handler', code: codeOf(STREAM_ARN_ENTRY), role, logGroup, timeout: LOOK_TIMEOUT,
    });
    const again: unknown = this.node.tryGetContext(LOOK_AGAIN_CONTEXT);
    const found = new CustomResource(this, 'Stream', {
      resourceType: 'Custom::NovaEdgeLedgerStream', serviceToken: finder.functionArn, serviceTimeout: Duration.minutes(2),
      properties: { TableName: ledgerTableName(federationId), ...(typeof again === 'string' && { Again: again }) },
    });
    // The role's policy is there before anybody looks.
    found.node.addDependency(role);
    this.#streamArn = Token.asString(found.getAtt('StreamArn'));
  }

  /** Rings at `target` for every change that another member made to the ledger; `deadLetters` takes what it fails at for good. */
  ring({ function: target }: FederationFunction, { batchSize, maxAttempts, deadLetters }: { readonly batchSize: number; readonly maxAttempts: number; readonly deadLetters: IQueue }): void {
    target.addToRolePolicy(new PolicyStatement({ sid: 'ReadLedgerStream', actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'], resources: [this.#streamArn] }));
    // Lambda asks for this right when the mapping is made; the action knows no resources.
    target.addToRolePolicy(new PolicyStatement({ sid: 'ListStreams', actions: ['dynamodb:ListStreams'], resources: ['*'] }));
    deadLetters.grantSendMessages(target);
    const mapping = new CfnEventSourceMapping(this, 'Mapping', {
      functionName: target.functionName,
      eventSourceArn: this.#streamArn,
      startingPosition: 'LATEST',
      batchSize,
      parallelizationFactor: PARALLEL_BATCHES,
      bisectBatchOnFunctionError: true,
      maximumRetryAttempts: maxAttempts,
      maximumRecordAgeInSeconds: MAX_AGE_SECONDS,
      functionResponseTypes: ['ReportBatchItemFailures'],
      destinationConfig: { onFailure: { destination: deadLetters.queueArn } },
      filterCriteria: { filters: [{ pattern: JSON.stringify(othersChanges(this.#member)) }] },
    });
    if (target.role !== undefined) mapping.node.addDependency(target.role);
    if (target.role !== undefined) Validations.of(target.role).acknowledge({ id: 'AwsSolutions-IAM5[Resource::*]', reason: 'dynamodb:ListStreams knows no resources, and Lambda asks for it.' });
  }
}

/** Inserts and changes of items that another member wrote; removals say nothing that a region acts on. */
const othersChanges = (member: string) => ({ eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { [PARTITION]: { S: [{ 'anything-but': [member] }] } } } });
