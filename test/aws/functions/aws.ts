import { AwsClient } from '../../../shared/adapters/aws/index.ts';
import type { AwsService } from '../../../shared/adapters/aws/index.ts';
import type { Item, ItemsAnswer } from '../../../shared/adapters/dynamodb/api-types.ts';
import { DYNAMODB } from '../../../shared/adapters/dynamodb/client.ts';
import type { TableNames } from '../../../shared/adapters/dynamodb/index.ts';
import { createTables } from '../../../shared/adapters/dynamodb/index.ts';

const SQS: AwsService = { name: 'sqs', target: 'AmazonSQS', jsonVersion: '1.0' };
const EVENTS: AwsService = { name: 'events', target: 'AWSEvents', jsonVersion: '1.1' };
const SECRETS: AwsService = { name: 'secretsmanager', target: 'secretsmanager', jsonVersion: '1.1' };

/** An event as a rule hands it on. */
export interface BusMessage { readonly source: string; readonly 'detail-type': string; readonly detail: Readonly<Record<string, unknown>> }

/** What a region's stack has, made directly in the emulator. */
export class Aws {
  readonly #client: AwsClient;

  constructor(endpoint: string) {
    this.#client = new AwsClient({ region: 'us-west-2', endpoint, credentials: () => ({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: undefined }) });
  }

  async tables(names: TableNames): Promise<void> { await createTables(this.#client, names); }

  async queue(name: string): Promise<string> {
    const { QueueUrl } = await this.#client.call<{ readonly QueueUrl: string }>(SQS, 'CreateQueue', { QueueName: name });
    return QueueUrl;
  }

  async send(url: string, body: string, attributes: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.#client.call(SQS, 'SendMessage', { QueueUrl: url, MessageBody: body, MessageAttributes: Object.fromEntries(Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }])) });
  }

  /** A bus with a rule that sends everything on it to a queue. */
  async bus(name: string): Promise<{ readonly watched: string }> {
    const watched = await this.queue(`${name}-watched`);
    await this.#client.call(EVENTS, 'CreateEventBus', { Name: name });
    await this.#client.call(EVENTS, 'PutRule', { Name: 'all', EventBusName: name, EventPattern: JSON.stringify({ source: ['novaedge.federation'] }) });
    await this.#client.call(EVENTS, 'PutTargets', { Rule: 'all', EventBusName: name, Targets: [{ Id: 'queue', Arn: await this.#arnOf(watched) }] });
    return { watched };
  }

  async putSecret(name: string, value: object): Promise<void> {
    const text = JSON.stringify(value);
    await this.#client.call(SECRETS, 'CreateSecret', { Name: name, SecretString: text }).catch(() => this.#client.call(SECRETS, 'PutSecretValue', { SecretId: name, SecretString: text }));
  }

  /** What is in a queue now, as a function gets it; it is taken out. */
  async take(url: string): Promise<readonly { readonly messageId: string; readonly body: string }[]> {
    const taken: { messageId: string; body: string }[] = [];
    for (;;) {
      const { Messages = [] } = await this.#client.call<{ readonly Messages?: readonly { readonly MessageId: string; readonly Body: string; readonly ReceiptHandle: string }[] }>(SQS, 'ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
      if (Messages.length === 0) return taken;
      for (const { MessageId, Body, ReceiptHandle } of Messages) {
        taken.push({ messageId: MessageId, body: Body });
        await this.#client.call(SQS, 'DeleteMessage', { QueueUrl: url, ReceiptHandle });
      }
    }
  }

  /** How many messages wait for their time. */
  async delayed(url: string): Promise<number> {
    const { Attributes } = await this.#client.call<{ readonly Attributes: Readonly<Record<string, string>> }>(SQS, 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['ApproximateNumberOfMessagesDelayed'] });
    return Number(Attributes['ApproximateNumberOfMessagesDelayed']);
  }

  async events(watched: string): Promise<readonly BusMessage[]> { return (await this.take(watched)).map(({ body }) => JSON.parse(body) as BusMessage); }

  async items(table: string): Promise<readonly Item[]> {
    const found: Item[] = [];
    let from: Item | undefined;
    do {
      const page: ItemsAnswer = await this.#client.call<ItemsAnswer>(DYNAMODB, 'Scan', { TableName: table, ConsistentRead: true, ...(from && { ExclusiveStartKey: from }) });
      found.push(...(page.Items ?? []));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    return found;
  }

  async put(table: string, item: Item): Promise<void> { await this.#client.call(DYNAMODB, 'PutItem', { TableName: table, Item: item }); }
  async drop(table: string, key: Item): Promise<void> { await this.#client.call(DYNAMODB, 'DeleteItem', { TableName: table, Key: key }); }
  close(): void { this.#client.close(); }

  async #arnOf(url: string): Promise<string> {
    const { Attributes } = await this.#client.call<{ readonly Attributes: Readonly<Record<string, string>> }>(SQS, 'GetQueueAttributes', { QueueUrl: url, AttributeNames: ['QueueArn'] });
    return Attributes['QueueArn'] ?? '';
  }
}
