import { Duration } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Ticks are for the minute they were made in; kept until one that fails has had its attempts and is a dead letter. */
const RETENTION = Duration.minutes(15);
/** Six times the function's limit, as Lambda asks for. */
const VISIBILITY_LIMITS = 6;
/** Then it is a fault of ours, which a person has to see. */
const MAX_RECEIVES = 3;
/** The fewest that SQS offers; a tick is a millisecond's work. */
const MAX_CONCURRENCY = 2;

/** EventBridge fires once a minute; delayed messages in this queue are the ticks in between. */
export class TickQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { timeoutSeconds, deadLetters }: { readonly timeoutSeconds: number; readonly deadLetters: IQueue }) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: RETENTION,
      visibilityTimeout: Duration.seconds(timeoutSeconds * VISIBILITY_LIMITS),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: MAX_RECEIVES },
    });
  }

  /** Hands ticks to a function as they come due. */
  feed(target: LambdaFunction, batchSize: number): void {
    target.addEventSource(new SqsEventSource(this.queue, { batchSize, maxConcurrency: MAX_CONCURRENCY, reportBatchItemFailures: true }));
  }
}
