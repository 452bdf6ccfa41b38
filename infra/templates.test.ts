import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { beforeAll, describe, expect, test } from 'vitest';
import { CATALOG, FUNCTION_NAMES } from '../functions/catalog.ts';
import { LEDGER_SCHEMA, REGIONAL_SCHEMA } from '../shared/adapters/dynamodb/table-layout.ts';
import type { FederationConfig } from './config/federation-config.ts';
import { LOOK_AGAIN_CONTEXT } from './region/doorbell/ledger-stream.ts';
import { exampleConfig, exampleFederation, federationOf, ledgerOf, synthesize } from './synthesize.ts';
import type { Synthesized } from './synthesize.ts';

let config: FederationConfig;
let federation: Synthesized;
let region: Template;
beforeAll(() => {
  config = exampleConfig();
  federation = exampleFederation();
  region = at(federation.regions, 0);
});

function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`there is no ${index.toString()}`);
  return value;
}

const keys = (partition: string, sort: string) => [{ AttributeName: partition, KeyType: 'HASH' }, { AttributeName: sort, KeyType: 'RANGE' }];
// As CloudFormation has them: what is in them is asserted, not typed.
const resourcesOf = (template: Template, type: string) => Object.values(template.findResources(type));

describe('the templates', () => {
  test('are as they were', async () => {
    await expect(json(federation.ledger)).toMatchFileSnapshot('snapshots/ledger.template.json');
    await expect(json(region)).toMatchFileSnapshot('snapshots/region.template.json');
  });

  test('of all members are the same but for names and places', () => {
    // Some of the CDK's ids are hashes of a stack's name.
    const [us, ...others] = config.members.map((member, index) => {
      const text = json(at(federation.regions, index));
      return [member.certificateArn, member.domain, member.name, member.awsRegion].reduce((rest, own) => rest.replaceAll(own, '-'), text).replaceAll(/(?:AllowEventR|FunctionSqsEventS)[A-Za-z0-9]*|[0-9A-F]{8}/g, '-');
    });

    for (const other of others) expect(other).toBe(us);
  });

  test('name no other member and no stack but their own', () => {
    for (const [index, template] of federation.regions.entries()) {
      for (const [other, { name, domain }] of config.members.entries()) if (other !== index) for (const foreign of [name, domain]) expect(json(template)).not.toContain(foreign);
      expect(json(template)).not.toContain('Fn::ImportValue');
    }
  });

  test('break no rule of AWS\'s for solutions that is not acknowledged with a reason', () => {
    const app = federationOf(config);

    const { success, violations } = new AwsSolutionsChecks(app).validateScope(app);

    expect(violations.map(({ ruleName, violatingResources }) => [ruleName, violatingResources.map(({ constructPath }) => constructPath)])).toEqual([]);
    expect(success).toBe(true);
  });
});

describe('the ledger', () => {
  test('is a global table with the adapter\'s keys, a stream, and replicas where members are', () => {
    federation.ledger.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: Match.objectLike({
        TableName: 'novaedge-prod-global-ledger',
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: keys(LEDGER_SCHEMA.partitionKey, LEDGER_SCHEMA.sortKey),
        GlobalSecondaryIndexes: LEDGER_SCHEMA.indexes.map((index) => ({ IndexName: index.name, KeySchema: keys(index.partitionKey, index.sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } })),
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        Replicas: Match.arrayWith(['ap-east-1', 'eu-west-1', 'us-west-2'].map((Region) => Match.objectLike({ Region, DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } }))),
      }),
    });
  });

  test('is one table in one region as well', () => {
    const [member] = config.members;
    const alone = ledgerOf({ ...config, members: member === undefined ? [] : [member] });

    const [{ Properties } = { Properties: {} }] = resourcesOf(alone, 'AWS::DynamoDB::GlobalTable');
    expect(Properties).toMatchObject({ Replicas: [{ Region: 'us-west-2' }], StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' } });
  });

  test('stays where it is, with its other replicas, when the member of its region leaves', () => {
    const ledger = ledgerOf({ ...config, members: config.members.slice(1) });

    const replicas = resourcesOf(ledger, 'AWS::DynamoDB::GlobalTable').flatMap(({ Properties }) => (Properties['Replicas'] as { Region: string }[]).map(({ Region }) => Region));
    expect(replicas.sort()).toEqual(['ap-east-1', 'eu-west-1', 'us-west-2']);
  });
});

describe('a fourth member', () => {
  test('adds a stack and a replica and changes nothing of the others', () => {
    const [first] = config.members;
    if (first === undefined) throw new Error('the example has no members');
    const fourth = { ...first, name: 'sa-east-controller' as typeof first.name, awsRegion: 'sa-east-1', domain: 'controller.sa-east.example.com', alarmTopicArn: undefined };

    const grown = synthesize({ ...config, members: [...config.members, fourth] });

    expect(grown.regions.slice(0, 3).map(json)).toEqual(federation.regions.map(json));
    expect(json(grown.ledger)).toContain('sa-east-1');
    expect(grown.regions).toHaveLength(4);
  });
});

describe('a region', () => {
  test('has a table with the adapter\'s keys, put back to any second, that outlives its stack', () => {
    region.hasResource('AWS::DynamoDB::GlobalTable', {
      DeletionPolicy: 'Retain',
      Properties: Match.objectLike({
        TableName: Match.absent(),
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: Match.absent(),
        KeySchema: keys(REGIONAL_SCHEMA.partitionKey, REGIONAL_SCHEMA.sortKey),
        GlobalSecondaryIndexes: REGIONAL_SCHEMA.indexes.map((index) => ({ IndexName: index.name, KeySchema: keys(index.partitionKey, index.sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } })),
        Replicas: [Match.objectLike({ Region: 'us-west-2', DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
      }),
    });
    region.hasResource('AWS::SecretsManager::Secret', { DeletionPolicy: 'Retain' });
  });

  test('works with a restored table where one is named, and keeps its own', () => {
    const [first] = config.members;
    if (first === undefined) throw new Error('the example has no members');

    const restored = at(synthesize({ ...config, members: [{ ...first, restoredTable: 'us-west-restored' }] }).regions, 0);

    restored.resourceCountIs('AWS::DynamoDB::GlobalTable', 1);
    for (const { Properties } of federationFunctions(restored)) expect(Properties['Environment'].Variables.NOVAEDGE_REGIONAL_TABLE).toBe('us-west-restored');
    expect(JSON.stringify(resourcesOf(restored, 'AWS::IAM::Policy'))).toContain('table/us-west-restored');
  });

  test('runs each function of the catalog on Node 24 and arm64 with its limits, told who it is', () => {
    const functions = federationFunctions(region);

    expect(functions).toHaveLength(Object.keys(CATALOG).length);
    for (const { name, entry, purpose, timeoutSeconds, memoryMb, reservedConcurrency } of Object.values(CATALOG)) {
      const found = functions.find(({ Properties }) => Properties['Code'].ZipFile === `// ${entry}`);
      expect(found?.Properties, name).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Handler: 'index.handler', Description: purpose, Timeout: timeoutSeconds, MemorySize: memoryMb });
      expect(found?.Properties['ReservedConcurrentExecutions'], name).toBe(reservedConcurrency);
      expect(found?.Properties['Environment'].Variables, name).toMatchObject({ NOVAEDGE_FEDERATION_ID: 'prod-global', NOVAEDGE_MEMBER: 'us-west-controller', NOVAEDGE_LEDGER_TABLE: 'novaedge-prod-global-ledger', NOVAEDGE_PEER_DOMAINS: 'example.com' });
    }
  });

  test('keeps invocations for peers, so that no flood of agents starves heartbeats', () => {
    expect(CATALOG['peer-api'].reservedConcurrency).toBeGreaterThan(0);
  });

  test('has one invocation at once of what goes on until it is done, and lets go the ticks that wait behind it', () => {
    const functions = federationFunctions(region);
    for (const name of ['sync', 'anti-entropy', 'garbage-collect'] as const) {
      expect(functions.find(({ Properties }) => Properties['Description'] === CATALOG[name].purpose)?.Properties['ReservedConcurrentExecutions'], name).toBe(1);
    }
    const ages = resourcesOf(region, 'AWS::Lambda::EventInvokeConfig').filter(({ Properties }) => Properties['DestinationConfig'] === undefined).map(({ Properties }) => Number(Properties['MaximumEventAgeInSeconds']));
    expect(ages.length).toBeGreaterThanOrEqual(3);
    expect(Math.max(...ages)).toBe(60);
  });

  test('lets in nobody without a certificate that the truststore vouches for', () => {
    region.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true, ProtocolType: 'HTTP' });
    region.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'controller.us-west.example.com',
      DomainNameConfigurations: [{ CertificateArn: config.members[0]?.certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
      MutualTlsAuthentication: { TruststoreUri: Match.stringLikeRegexp('^s3://.*\\.pem$') },
    });
    expect(resourcesOf(region, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => String(Properties['RouteKey'])).sort()).toEqual(Object.values(CATALOG).flatMap(({ triggers }) => triggers.flatMap((trigger) => (trigger.kind === 'http' ? trigger.routes : []))).sort());
  });

  test('follows the ledger\'s stream without its own changes, bisecting, bounded, with somewhere for what fails', () => {
    region.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('LedgerStream'), 'StreamArn'] },
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      MaximumRecordAgeInSeconds: 3600,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      DestinationConfig: { OnFailure: { Destination: Match.anyValue() } },
      FilterCriteria: { Filters: [{ Pattern: JSON.stringify({ eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: { p: { S: [{ 'anything-but': ['us-west-controller'] }] } } } }) }] },
    });
  });

  test('traces its functions where that is asked for, and may send what they are traced by', () => {
    const traced = Template.fromStack(at(federationOf({ ...config, tracing: true }).regions, 0));
    const modes = (template: Template): unknown[] => federationFunctions(template).map(({ Properties }) => Properties['TracingConfig']);

    expect(new Set(modes(region))).toEqual(new Set([undefined]));
    expect(modes(traced).filter((mode) => mode !== undefined)).toHaveLength(FUNCTION_NAMES.length);
    expect(JSON.stringify(traced.toJSON())).toContain('xray:PutTraceSegments');
    expect(JSON.stringify(region.toJSON())).not.toContain('xray:');
  });

  test('looks the ledger\'s stream up again when it is told to', () => {
    const app = federationOf(config, { context: { [LOOK_AGAIN_CONTEXT]: '2026-11-28' } });
    const told = Template.fromStack(at(app.regions, 0));

    told.hasResourceProperties('Custom::NovaEdgeLedgerStream', { TableName: 'novaedge-prod-global-ledger', Again: '2026-11-28' });
    region.hasResourceProperties('Custom::NovaEdgeLedgerStream', { TableName: 'novaedge-prod-global-ledger', Again: Match.absent() });
  });

  test('hands out ticks with partial answers, each tried until it is a dead letter', () => {
    region.hasResourceProperties('AWS::Lambda::EventSourceMapping', { FunctionResponseTypes: ['ReportBatchItemFailures'], ScalingConfig: { MaximumConcurrency: 2 } });
    const [ticks] = resourcesOf(region, 'AWS::SQS::Queue').filter(({ Properties }) => Properties['RedrivePolicy'] !== undefined);
    const { VisibilityTimeout, MessageRetentionPeriod, RedrivePolicy } = ticks?.Properties ?? {};
    // Kept for all of its attempts, or it would be gone before it is a dead letter.
    expect(MessageRetentionPeriod).toBeGreaterThan(VisibilityTimeout * RedrivePolicy.maxReceiveCount);
    expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * CATALOG.tick.timeoutSeconds);
  });

  test('tells no queue, log or bus anything in the clear', () => {
    for (const { Properties } of resourcesOf(region, 'AWS::SQS::Queue')) expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
    for (const { Properties } of resourcesOf(region, 'AWS::Logs::LogGroup')) expect(Properties).toMatchObject({ RetentionInDays: 90 });
  });
});

/** Without the one that serves the deployment. */
const federationFunctions = (template: Template) => resourcesOf(template, 'AWS::Lambda::Function').filter(({ Properties }) => Properties['Environment'] !== undefined);

const json = (template: Template): string => `${JSON.stringify(template.toJSON(), null, 1)}\n`;
