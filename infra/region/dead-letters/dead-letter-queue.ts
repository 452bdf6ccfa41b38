import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';

/** SQS keeps messages no longer; an alarm tells of the first one. */
const RETENTION = Duration.days(14);

/** What a function could not do, for a person: an alarm rings while anything is in it (docs/runbook.md, DeadLetters). */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: RETENTION });
    Validations.of(this.queue).acknowledge({ id: 'AwsSolutions-SQS3', reason: 'This is a dead-letter queue.' });
  }
}
