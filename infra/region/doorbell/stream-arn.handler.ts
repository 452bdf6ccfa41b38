import { AwsClient, AwsError, credentialsFrom } from '../../../shared/adapters/aws/index.ts';

/** What CloudFormation sends a custom resource; other fields are not needed. */
interface ResourceRequest {
  readonly RequestType: 'Create' | 'Update' | 'Delete';
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: { readonly TableName: string };
}

type Outcome =
  | { readonly Status: 'SUCCESS'; readonly PhysicalResourceId: string; readonly Data?: { readonly StreamArn: string } }
  | { readonly Status: 'FAILED'; readonly PhysicalResourceId: string; readonly Reason: string };

const DYNAMODB = { name: 'dynamodb', target: 'DynamoDB_20120810', jsonVersion: '1.0' } as const;
/** CloudFormation's limit for an answer is 4 KB. */
const MAX_REASON_CHARACTERS = 1000;

const region = process.env['AWS_REGION'] ?? '';
const client = new AwsClient({ region, credentials: credentialsFrom(process.env), endpoint: process.env['AWS_ENDPOINT_URL'] });

/**
 * Tells CloudFormation the ARN of the stream of the ledger's replica in this region, which holds the time of its making and so cannot be
 * known beforehand. Always answers, because CloudFormation waits an hour for what does not.
 */
export async function handler(request: ResourceRequest): Promise<void> {
  const outcome = await outcomeOf(request);
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = request;
  const answer = await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify({ StackId, RequestId, LogicalResourceId, ...outcome }) });
  if (!answer.ok) throw new Error(`CloudFormation took no answer: ${answer.status.toString()}`);
}

async function outcomeOf({ RequestType, PhysicalResourceId = 'none', ResourceProperties: { TableName } }: ResourceRequest): Promise<Outcome> {
  if (RequestType === 'Delete') return { Status: 'SUCCESS', PhysicalResourceId };
  try {
    const arn = await streamArnOf(TableName);
    // Another stream is another resource, so that the mapping to it is made anew.
    return { Status: 'SUCCESS', PhysicalResourceId: arn, Data: { StreamArn: arn } };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { Status: 'FAILED', PhysicalResourceId, Reason: reason.slice(0, MAX_REASON_CHARACTERS) };
  }
}

async function streamArnOf(table: string): Promise<string> {
  const deployFirst = 'deploy the federation\'s ledger stack with this member in its configuration first';
  try {
    const { Table } = await client.call<{ Table?: { LatestStreamArn?: string } }>(DYNAMODB, 'DescribeTable', { TableName: table });
    if (Table?.LatestStreamArn === undefined) throw new Error(`the table ${table} in ${region} has no stream: ${deployFirst}`);
    return Table.LatestStreamArn;
  } catch (error) {
    if (error instanceof AwsError && error.type === 'ResourceNotFoundException') throw new Error(`there is no table ${table} in ${region}: ${deployFirst}`, { cause: error });
    throw error;
  }
}
