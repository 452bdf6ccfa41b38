import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { Rights } from '../../../functions/catalog.ts';
import { CANDIDATES_INDEX, MEMBERS_INDEX } from '../../../shared/adapters/dynamodb/table-layout.ts';
import { ledgerTableName } from '../../names.ts';

/** The parts of a region that functions have rights to. */
export interface RegionParts {
  readonly federationId: string;
  readonly member: string;
  readonly table: { readonly tableArn: string };
  readonly bus: { readonly eventBusArn: string };
  readonly ticks: { readonly queueArn: string };
  readonly deadLetters: readonly { readonly queueArn: string }[];
  readonly secret: { readonly secretArn: string };
}

/** Transactions need the rights of what is in them; there are none of their own. */
const READ = ['dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query'];
const WRITE = ['dynamodb:BatchWriteItem', 'dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
/** Looking at messages is holding them for a while. */
const REPLAY = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];

/**
 * What `rights` mean in this region, as the statements of a role: exact actions on exact resources (docs/storage.md lists what the
 * adapters need). The ledger is written under the member's own keys alone.
 */
export function statementsFor(scope: Construct, rights: Rights, parts: RegionParts): readonly PolicyStatement[] {
  const { regionalTable, ledgerTable, putEvents, sendTicks, replayDeadLetters, readSecret } = rights;
  return [
    ...(regionalTable === 'none' ? [] : regionalStatements(regionalTable === 'read-write', parts.table)),
    ...(ledgerTable === 'none' ? [] : ledgerStatements(scope, ledgerTable === 'read-write', parts)),
    ...(putEvents ? [new PolicyStatement({ sid: 'PutEvents', actions: ['events:PutEvents'], resources: [parts.bus.eventBusArn] })] : []),
    ...(sendTicks ? [new PolicyStatement({ sid: 'SendTicks', actions: ['sqs:SendMessage'], resources: [parts.ticks.queueArn] })] : []),
    ...(replayDeadLetters ? [new PolicyStatement({ sid: 'ReplayDeadLetters', actions: REPLAY, resources: parts.deadLetters.map(({ queueArn }) => queueArn) })] : []),
    ...(readSecret ? [new PolicyStatement({ sid: 'ReadSecret', actions: ['secretsmanager:GetSecretValue'], resources: [parts.secret.secretArn] })] : []),
  ];
}

function regionalStatements(mayWrite: boolean, { tableArn }: RegionParts['table']): readonly PolicyStatement[] {
  return [
    // A restored table is told by its TableId.
    new PolicyStatement({ sid: 'ReadTable', actions: [...READ, 'dynamodb:DescribeTable'], resources: [tableArn] }),
    new PolicyStatement({ sid: 'ReadCandidates', actions: ['dynamodb:Query'], resources: [`${tableArn}/index/${CANDIDATES_INDEX.name}`] }),
    ...(mayWrite ? [new PolicyStatement({ sid: 'WriteTable', actions: WRITE, resources: [tableArn] })] : []),
  ];
}

function ledgerStatements(scope: Construct, mayWrite: boolean, { federationId, member }: RegionParts): readonly PolicyStatement[] {
  const ledger = ledgerArn(scope, federationId);
  return [
    new PolicyStatement({ sid: 'ReadLedger', actions: [...READ, 'dynamodb:Scan'], resources: [ledger] }),
    new PolicyStatement({ sid: 'ReadMembers', actions: ['dynamodb:Query'], resources: [`${ledger}/index/${MEMBERS_INDEX.name}`] }),
    ...(mayWrite ? [ownKeysOnly(ledger, member)] : []),
  ];
}

/** The partition key of the ledger is the member. */
const ownKeysOnly = (ledger: string, member: string): PolicyStatement => new PolicyStatement({
  sid: 'WriteOwnLedgerKeys',
  actions: ['dynamodb:DeleteItem', 'dynamodb:PutItem'],
  resources: [ledger],
  conditions: {
    'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [member] },
    // "For all values" holds of none as well.
    Null: { 'dynamodb:LeadingKeys': 'false' },
  },
});

/** The replica in the stack's own region. */
export const ledgerArn = (scope: Construct, federationId: string): string =>
  Stack.of(scope).formatArn({ service: 'dynamodb', resource: 'table', resourceName: ledgerTableName(federationId) });
