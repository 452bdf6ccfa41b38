import type { AwsClient, AwsService } from '../aws/index.ts';

const EVENTBRIDGE: AwsService = { name: 'events', target: 'AWSEvents', jsonVersion: '1.1' };
/** By EventBridge's limit. */
export const MAX_ENTRIES = 10;
/** A lost answer may mean an event twice; who listens has to take that anyway. */
const ATTEMPTS = 2;

/** One event to be put. */
export interface BusEvent { readonly source: string; readonly detailType: string; readonly detail: Readonly<Record<string, unknown>> }

/** A bus of EventBridge. */
export class EventBus {
  readonly #client: AwsClient;
  readonly #bus: string;

  /** @param bus its name or ARN */
  constructor(client: AwsClient, bus: string) {
    this.#client = client;
    this.#bus = bus;
  }

  /**
   * Puts at most 10 events.
   *
   * @returns for each whether it was taken: undefined, or why not
   * @throws Error when none was taken, after a second attempt
   */
  async put(events: readonly BusEvent[], signal?: AbortSignal): Promise<readonly (string | undefined)[]> {
    const Entries = events.map(({ source, detailType, detail }) => ({ EventBusName: this.#bus, Source: source, DetailType: detailType, Detail: JSON.stringify(detail) }));
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { Entries: answers = [] } = await this.#client.call<{ readonly Entries?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[] }>(EVENTBRIDGE, 'PutEvents', { Entries }, signal);
        return answers.map(({ ErrorCode, ErrorMessage }) => (ErrorCode === undefined ? undefined : `${ErrorCode}: ${ErrorMessage ?? 'no reason given'}`));
      } catch (error) {
        if (attempt >= ATTEMPTS || signal?.aborted === true) throw error;
      }
    }
  }
}
