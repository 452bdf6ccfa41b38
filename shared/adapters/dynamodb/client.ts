import type { AwsClientOptions, AwsService } from '../aws/index.ts';
import { AwsClient, credentialsFrom } from '../aws/index.ts';

export const DYNAMODB: AwsService = { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0' };

export type DynamoClientOptions = Omit<AwsClientOptions, 'credentials'> & Partial<Pick<AwsClientOptions, 'credentials'>>;

/** A client for `DynamoStore` whose credentials are the environment's, unless others are given. */
export const createClient = (options: DynamoClientOptions): AwsClient => new AwsClient({ credentials: credentialsFrom(process.env), ...options });
