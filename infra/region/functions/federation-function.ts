import { Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Code } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { FunctionEntry } from '../../../functions/catalog.ts';

/** A bundle of one function: a folder with `index.js`, which exports `handler`. */
export type CodeOf = (bundled: { readonly name: string; readonly entry: string }) => Code;

export interface FederationFunctionProps {
  readonly entry: FunctionEntry;
  readonly code: Code;
  readonly environment: Readonly<Record<string, string>>;
  /** What its role may do, besides writing its own log. */
  readonly statements: readonly PolicyStatement[];
  readonly logRetentionDays: RetentionDays;
  readonly tracing: boolean;
  /** Where events end that failed for good; without it they are forgotten. */
  readonly deadLetters: IQueue | undefined;
}

/** What is only a beginning of regular work is out of date when the next one begins. */
const FORGOTTEN_AFTER = Duration.minutes(1);
/** Where every event counts: long enough for a peer or DynamoDB to come back. */
const KEPT_FOR = Duration.hours(1);
/** Lambda tries an event no oftener. */
const MAX_RETRIES = 2;

/** One function of a region with a role and a log group of its own. */
export class FederationFunction extends Construct {
  readonly function: LambdaFunction;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, { entry, code, environment, statements, logRetentionDays, tracing, deadLetters }: FederationFunctionProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, 'Logs', { retention: logRetentionDays, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: `NovaEdge: ${entry.purpose}` });
    // Instead of AWSLambdaBasicExecutionRole, which may write every log group of the account.
    role.addToPolicy(new PolicyStatement({ sid: 'WriteLog', actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [this.logGroup.logGroupArn] }));
    for (const statement of statements) role.addToPolicy(statement);
    if (tracing) Validations.of(role).acknowledge({ id: 'AwsSolutions-IAM5[Resource::*]', reason: 'xray:PutTraceSegments and PutTelemetryRecords know no resources.' });
    this.function = new LambdaFunction(this, 'Function', {
      description: entry.purpose,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code,
      role,
      logGroup: this.logGroup,
      environment,
      timeout: Duration.seconds(entry.timeoutSeconds),
      memorySize: entry.memoryMb,
      // Lambda's own segments: waits, starts, durations. The CDK adds the rights to the role.
      ...(tracing && { tracing: Tracing.ACTIVE }),
      ...(entry.reservedConcurrency !== undefined && { reservedConcurrentExecutions: entry.reservedConcurrency }),
      ...(deadLetters === undefined
        ? { retryAttempts: 0, maxEventAge: FORGOTTEN_AFTER }
        : { retryAttempts: MAX_RETRIES, maxEventAge: KEPT_FOR, onFailure: new SqsDestination(deadLetters) }),
    });
  }
}
