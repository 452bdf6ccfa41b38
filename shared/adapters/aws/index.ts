export type { AwsClientOptions, AwsService } from './aws-client.ts';
export { AwsClient } from './aws-client.ts';
export { AwsError, AwsUnansweredError } from './aws-error.ts';
export type { AwsCredentials } from './credentials.ts';
export { AwsCredentialsError, credentialsFrom } from './credentials.ts';
