import type { AwsClient, AwsService } from '../aws/index.ts';

const SQS: AwsService = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0' };
/** Messages of one call, by SQS's limit. */
const BATCH = 10;
const ATTEMPTS = 3;

/** A message that arrives after so many seconds; at most 900. */
export interface DelayedMessage { readonly body: string; readonly delaySeconds: number }

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
