import { Duration } from 'aws-cdk-lib';
import { EventBus, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { EVENT_SOURCE } from '../../../functions/catalog.ts';
import type { FunctionEntry, Trigger } from '../../../functions/catalog.ts';
import { busName } from '../../names.ts';

/** EventBridge's shortest; what was not delivered by then is due again. */
const UNDELIVERED_AFTER = Duration.minutes(1);
const KEPT_FOR = Duration.hours(1);
/** Within an hour, with EventBridge's growing pauses. */
const MAX_RETRIES = 20;

/** Where deliveries end that failed for good; undefined: nowhere. */
interface Target { readonly entry: FunctionEntry; readonly target: IFunction; readonly deadLetters: IQueue | undefined }

/** The bus of a region: what happens is put on it, its functions and a user's own rules are started by it (docs/events.md). */
export class FederationBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { federationId, member }: { readonly federationId: string; readonly member: string }) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { eventBusName: busName(federationId, member), description: `NovaEdge ${federationId}: events of ${member}.` });
  }

  /** Starts a function for the events or at the times that `trigger` names. */
  start(trigger: Extract<Trigger, { kind: 'event' | 'schedule' }>, { entry, target, deadLetters }: Target): void {
    const options = deadLetters === undefined
      ? { retryAttempts: 0, maxEventAge: UNDELIVERED_AFTER }
      : { retryAttempts: MAX_RETRIES, maxEventAge: KEPT_FOR, deadLetterQueue: deadLetters };
    const targets = [new LambdaFunction(target, options)];
    if (trigger.kind === 'schedule') {
      new Rule(this, `${entry.name}-schedule`, { description: entry.purpose, schedule: Schedule.rate(Duration.minutes(trigger.everyMinutes)), targets });
      return;
    }
    const { detailType, job } = trigger;
    new Rule(this, `${entry.name}-${detailType}`, {
      description: entry.purpose,
      eventBus: this.bus,
      eventPattern: { source: [EVENT_SOURCE], detailType: [detailType], ...(job !== undefined && { detail: { job: [job] } }) },
      targets,
    });
  }
}
