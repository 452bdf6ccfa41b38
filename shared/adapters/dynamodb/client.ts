import { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/** A transaction of 4 MB takes a good part of a second; whatever takes this long has no answer. */
const REQUEST_TIMEOUT_MS = 5000;
const CONNECTION_TIMEOUT_MS = 1000;

export interface DynamoClientOptions {
  readonly region: string;
  /** An emulator's; AWS's own unless given. */
  readonly endpoint?: string;
  readonly requestTimeoutMs?: number;
}

/**
 * The client as `DynamoStore` needs it: with timeouts, and without attempts of its own (see `Calls`). Credentials are the
 * environment's.
 */
export const createClient = ({ region, endpoint, requestTimeoutMs = REQUEST_TIMEOUT_MS }: DynamoClientOptions): DynamoDBClient => new DynamoDBClient({
  region,
  maxAttempts: 1,
  requestHandler: { requestTimeout: requestTimeoutMs, throwOnRequestTimeout: true, connectionTimeout: CONNECTION_TIMEOUT_MS },
  ...(endpoint !== undefined && { endpoint }),
});
