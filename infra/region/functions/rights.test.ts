import { beforeAll, describe, expect, test } from 'vitest';
import { FUNCTION_NAMES } from '../../../functions/catalog.ts';
import { exampleFederation } from '../../synthesize.ts';

interface Statement { readonly Sid?: string; readonly Effect: string; readonly Action: string | readonly string[]; readonly Resource: unknown; readonly Condition?: unknown }

/** What each role may do, by function. */
let statements: Readonly<Record<string, readonly Statement[]>>;
beforeAll(() => {
  const policies = exampleFederation().regions[0]?.findResources('AWS::IAM::Policy') ?? {};
  statements = Object.fromEntries(Object.entries(policies).map(([id, policy]) => [nameOf(id), (policy as { Properties: { PolicyDocument: { Statement: Statement[] } } }).Properties.PolicyDocument.Statement]));
});

/** `RegionPeerApiRoleDefaultPolicy…` belongs to peer-api. */
const nameOf = (id: string): string => (/^Region(.*)RoleDefaultPolicy/.exec(id)?.[1] ?? id).replaceAll(/(?<!^)([A-Z])/g, '-$1').toLowerCase();
const actionsOf = (name: string): readonly string[] => [...new Set((statements[name] ?? []).flatMap(({ Action }) => Action))].sort();

// Written out, so that a right more or less has to be said in two places.
const LOG = ['logs:CreateLogStream', 'logs:PutLogEvents'];
const READ = ['dynamodb:BatchGetItem', 'dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:Scan'];
const WRITE = ['dynamodb:BatchWriteItem', 'dynamodb:ConditionCheckItem', 'dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'];
const EXCHANGE = [...LOG, ...READ, ...WRITE, 'events:PutEvents', 'secretsmanager:GetSecretValue'];
const TO_DEAD_LETTERS = ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'];
const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'peer-api': EXCHANGE,
  'cluster-api': EXCHANGE,
  'bridge-pull': EXCHANGE,
  'operator-api': [...EXCHANGE, 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
  'operator-sync': EXCHANGE,
  'agent-api': [...LOG, ...READ, 'secretsmanager:GetSecretValue'],
  sync: EXCHANGE,
  'anti-entropy': EXCHANGE,
  health: EXCHANGE,
  'garbage-collect': EXCHANGE.filter((action) => action !== 'secretsmanager:GetSecretValue'),
  tick: [...LOG, ...READ, 'events:PutEvents', ...TO_DEAD_LETTERS, 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'],
  push: [...EXCHANGE, ...TO_DEAD_LETTERS],
  doorbell: [...EXCHANGE, ...TO_DEAD_LETTERS, 'dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'],
  'ledger-stream': [...LOG, 'dynamodb:DescribeTable'],
};

describe('the roles of a region', () => {
  test('are one for each function, and one for the deployment', () => {
    expect(Object.keys(statements).sort()).toEqual([...FUNCTION_NAMES, 'ledger-stream'].sort());
  });

  test.each(Object.entries(ACTIONS))('%s may do exactly this', (name, actions) => {
    expect(actionsOf(name)).toEqual([...actions].sort());
  });

  test('allow nothing by a pattern, and on everything only what knows no resources', () => {
    for (const [name, own] of Object.entries(statements)) {
      for (const { Effect, Action, Resource } of own) {
        expect(Effect, name).toBe('Allow');
        expect([Action].flat().filter((action) => action.includes('*')), name).toEqual([]);
        if (JSON.stringify(Resource).includes('*')) expect([Action].flat(), name).toEqual(['dynamodb:ListStreams']);
      }
    }
  });

  const WRITERS = ['cluster-api', 'bridge-pull', 'operator-api', 'operator-sync', 'sync', 'garbage-collect', 'push'];
  test('write the ledger under the member\'s own keys alone, where they write it at all', () => {
    const writing = (own: readonly Statement[]): readonly Statement[] => own.filter(({ Action, Resource }) => JSON.stringify(Resource).includes('-ledger') && [Action].flat().some((action) => WRITE.includes(action)));

    const writers = Object.entries(statements).flatMap(([name, own]) => writing(own).map((statement) => ({ name, statement })));

    expect(writers.map(({ name }) => name).sort()).toEqual([...WRITERS].sort());
    for (const { statement } of writers) {
      expect(statement.Action).toEqual(['dynamodb:DeleteItem', 'dynamodb:PutItem']);
      expect(statement.Condition).toEqual({ 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['us-west-controller'] }, Null: { 'dynamodb:LeadingKeys': 'false' } });
    }
  });
});
