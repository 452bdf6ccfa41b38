import type { AwsClient, AwsService } from '../aws/index.ts';

const SQS: AwsService = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0' };
/** Messages of one call, by SQS's limit. */
const BATCH = 10;
const ATTEMPTS = 3;

/** A message that arrives after so many seconds; at most 900. */
export interface DelayedMessage { readonly body: string; readonly delaySeconds: number }

/** A message that others do not get to see for a while: until it is released, removed, or its time is over. */
export interface HeldMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAtMs: number;
  /** Texts that its sender put beside the body. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly receipt: string;
}

interface ReceivedMessage {
  readonly MessageId: string;
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, { readonly StringValue?: string }>>;
}

/** Asks all of a queue's servers; without it SQS asks some of them, and may say that nothing is there. */
const RECEIVE_WAIT_SECONDS = 1;
/** Held, waiting for their time, or there for the taking. */
const COUNTS = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'ApproximateNumberOfMessagesDelayed'];

/** A standard queue of SQS: at least once, in any order. */
export class Queue {
  readonly #client: AwsClient;
  readonly #url: string;

  constructor(client: AwsClient, url: string) {
    this.#client = client;
    this.#url = url;
  }

  /**
   * Sends any number of messages; those that were refused are sent again.
   *
   * @throws Error when some were not taken after three attempts: how many, and why
   */
  async send(messages: readonly DelayedMessage[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < messages.length; from += BATCH) await this.#sendBatch(messages.slice(from, from + BATCH), signal);
  }

  /** Takes hold of messages, as many as there are or `most`; each once. */
  async hold(most: number, holdSeconds: number, signal?: AbortSignal): Promise<readonly HeldMessage[]> {
    const held = new Map<string, HeldMessage>();
    while (held.size < most) {
      const { Messages = [] } = await this.#client.call<{ readonly Messages?: readonly ReceivedMessage[] }>(SQS, 'ReceiveMessage', {
        QueueUrl: this.#url, MaxNumberOfMessages: Math.min(BATCH, most - held.size), VisibilityTimeout: holdSeconds, WaitTimeSeconds: RECEIVE_WAIT_SECONDS, AttributeNames: ['SentTimestamp'], MessageAttributeNames: ['All'],
      }, signal);
      if (Messages.length === 0) break;
      for (const message of Messages) held.set(message.MessageId, heldMessage(message));
    }
    return [...held.values()];
  }

  /** Lets others see messages again at once. Those that it fails for are seen when their time is over. */
  async release(messages: readonly HeldMessage[], signal?: AbortSignal): Promise<void> {
    for (let from = 0; from < messages.length; from += BATCH) {
      const Entries = messages.slice(from, from + BATCH).map(({ receipt }, at) => ({ Id: at.toString(), ReceiptHandle: receipt, VisibilityTimeout: 0 }));
      await this.#client.call(SQS, 'ChangeMessageVisibilityBatch', { QueueUrl: this.#url, Entries }, signal);
    }
  }

  /** Takes a held message out for good. */
  async remove({ receipt }: HeldMessage, signal?: AbortSignal): Promise<void> {
    await this.#client.call(SQS, 'DeleteMessage', { QueueUrl: this.#url, ReceiptHandle: receipt }, signal);
  }

  /** How many messages there are, about. */
  async count(signal?: AbortSignal): Promise<number> {
    const { Attributes = {} } = await this.#client.call<{ readonly Attributes?: Readonly<Record<string, string>> }>(SQS, 'GetQueueAttributes', { QueueUrl: this.#url, AttributeNames: COUNTS }, signal);
    return COUNTS.reduce((sum, name) => sum + Number(Attributes[name] ?? 0), 0);
  }

  async #sendBatch(messages: readonly DelayedMessage[], signal: AbortSignal | undefined): Promise<void> {
    let left = messages.map(({ body, delaySeconds }, at) => ({ Id: at.toString(), MessageBody: body, DelaySeconds: delaySeconds }));
    for (let attempt = 1; left.length > 0; attempt += 1) {
      const { Failed = [] } = await this.#client.call<{ readonly Failed?: readonly { readonly Id: string; readonly Code: string }[] }>(SQS, 'SendMessageBatch', { QueueUrl: this.#url, Entries: left }, signal);
      const failed = new Set(Failed.map(({ Id }) => Id));
      left = left.filter(({ Id }) => failed.has(Id));
      if (left.length > 0 && attempt >= ATTEMPTS) throw new Error(`the queue did not take ${left.length.toString()} of ${messages.length.toString()} messages (${Failed[0]?.Code ?? 'no reason given'})`);
    }
  }
}

const heldMessage = ({ MessageId, Body, ReceiptHandle, Attributes = {}, MessageAttributes = {} }: ReceivedMessage): HeldMessage => ({
  id: MessageId, body: Body, receipt: ReceiptHandle,
  sentAtMs: Number(Attributes['SentTimestamp'] ?? 0),
  attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { StringValue = '' }]) => [name, StringValue])),
});
