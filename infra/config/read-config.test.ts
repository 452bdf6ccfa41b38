import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import { createAuthority, issueMemberCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { ConfigError, parseConfig, readConfig } from './read-config.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'aws', 'federation.aws.yaml');
const text = readFileSync(EXAMPLE, 'utf8');
const NOW = Date.UTC(2030, 0, 1);

/** The example with one place changed, or taken out by `undefined`. */
function changed(path: readonly (string | number)[], value: unknown): string {
  const document = parseDocument(text);
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
  return document.toString();
}

function mistakesIn(yaml: string): readonly string[] {
  try {
    parseConfig(yaml, EXAMPLE, NOW);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes.map(({ field, problem }) => `${field} ${problem}`);
    throw error;
  }
  return [];
}

describe('the configuration of a federation on AWS', () => {
  test('of the example is the setup guide\'s three members, with defaults for what is left out', () => {
    const config = readConfig(EXAMPLE, NOW);

    expect(config).toMatchObject({ federationId: 'prod-global', account: '111122223333', ledgerRegion: 'us-west-2', hub: undefined, peerDomains: ['example.com'], logRetentionDays: 90, logLevel: 'info', tracing: false });
    expect(config.members.map(({ name, awsRegion, domain }) => [name, awsRegion, domain])).toEqual([
      ['us-west-controller', 'us-west-2', 'controller.us-west.example.com'],
      ['eu-west-controller', 'eu-west-1', 'controller.eu-west.example.com'],
      ['ap-east-controller', 'ap-east-1', 'controller.ap-east.example.com'],
    ]);
    expect(config.members[0]?.truststore).toBe(join(EXAMPLE, '..', 'truststore.pem'));
  });

  const FIRST = ['members', 0] as const;
  const otherRegion = 'arn:aws:acm:eu-west-1:111122223333:certificate/11111111-1111-1111-1111-111111111111';
  const otherAccount = 'arn:aws:acm:us-west-2:999999999999:certificate/11111111-1111-1111-1111-111111111111';
  test.each<[string, readonly (string | number)[], unknown, string]>([
    ['no federation', ['federationID'], undefined, 'federationID is missing: expected the federation\'s ID'],
    ['capitals in the federation\'s ID', ['federationID'], 'Prod', 'federationID is "Prod": expected the federation\'s ID'],
    ['an account that YAML takes for a number', ['account'], 111122223333, 'account is 111122223333: expected an AWS account: 12 digits in quotes'],
    ['no region for the ledger', ['ledgerRegion'], 'oregon', 'ledgerRegion is "oregon": expected an AWS region, such as us-west-2'],
    ['a hub that is no member', ['hub'], 'nobody', 'hub is "nobody": expected one of the members, us-west-controller, eu-west-controller, ap-east-controller'],
    ['a retention that CloudWatch has not', ['logRetentionDays'], 31, 'logRetentionDays is 31: expected one of 1, 3, 5, 7,'],
    ['a level that there is not', ['logLevel'], 'loud', 'logLevel is "loud": expected one of debug, info, warn, error'],
    ['tracing that is neither on nor off', ['tracing'], 'yes', 'tracing is "yes": expected true or false'],
    ['a peers\' domain with a scheme', ['peerDomains', 0], 'https://example.com', 'peerDomains[0] is "https://example.com": expected a domain without scheme and port'],
    ['no members', ['members'], [], 'members is []: expected at least one member'],
    ['a field that there is not', ['region'], 'x', 'region is not a field: expected one of federationID, account'],
    ['a member\'s field that there is not', [...FIRST, 'endpoint'], 'x', 'members[0].endpoint is not a field: expected one of name, awsRegion, domain'],
    ['a member\'s name with capitals', [...FIRST, 'name'], 'US', 'members[0].name is "US": expected a member\'s name'],
    ['two members of one name', ['members', 1, 'name'], 'us-west-controller', 'members[1].name is "us-west-controller", which is as good as that of members[0]'],
    ['two members whose stacks would have one name', ['members', 1, 'name'], 'us.west.controller', 'members[1].name is "us.west.controller", which is as good as that of members[0]'],
    ['two members of one domain', ['members', 1, 'domain'], 'Controller.us-west.example.com', 'members[1].domain is "Controller.us-west.example.com", which is as good as that of members[0]'],
    ['a domain with a port', [...FIRST, 'domain'], 'controller.us-west.example.com:9090', 'members[0].domain is "controller.us-west.example.com:9090": expected a domain without scheme and port'],
    ['a domain that peers would not call', [...FIRST, 'domain'], 'controller.example.net', 'members[0].domain is "controller.example.net": expected one in example.com'],
    ['a certificate that is none', [...FIRST, 'certificateArn'], 'arn:aws:iam::1:role/x', 'members[0].certificateArn is "arn:aws:iam::1:role/x": expected the ARN of a certificate in ACM'],
    ['a certificate elsewhere', [...FIRST, 'certificateArn'], otherRegion, 'members[0].certificateArn is in eu-west-1: expected one in us-west-2, where the member is'],
    ['a certificate of another account', [...FIRST, 'ownershipCertificateArn'], otherAccount, 'members[0].ownershipCertificateArn belongs to account 999999999999: expected one of 111122223333'],
    ['a topic elsewhere', [...FIRST, 'alarmTopicArn'], 'arn:aws:sns:eu-west-1:111122223333:on-call', 'members[0].alarmTopicArn is in eu-west-1: expected one in us-west-2'],
    ['a table of no such name', [...FIRST, 'restoredTable'], 'a b', 'members[0].restoredTable is "a b": expected the name of a DynamoDB table'],
    ['no truststore', [...FIRST, 'truststore'], 'nowhere.pem', `members[0].truststore is "${join(EXAMPLE, '..', 'nowhere.pem')}", which cannot be read: expected a PEM file`],
  ])('with %s is refused, naming the field', (_what, path, value, expected) => {
    expect(mistakesIn(changed(path, value))).toEqual([expect.stringContaining(expected)]);
  });

  test('with names that make no stack name together is refused', () => {
    expect(mistakesIn(changed(['federationID'], 'a'.repeat(63)).replaceAll('us-west-controller', 'b'.repeat(63)))).toEqual([expect.stringContaining('federationID is too long: expected at most 100 characters')]);
  });

  test('tells every mistake at once', () => {
    const found = mistakesIn(changed([...FIRST, 'awsRegion'], 'x').replace('prod-global', 'PROD'));

    expect(found.map((line) => line.split(' ')[0])).toEqual(['federationID', 'members[0].awsRegion']);
  });

  test('that is no YAML, or is not there, says so', () => {
    expect(mistakesIn('members: [')).toEqual([expect.stringMatching(/^the file is not YAML: .*line 1/)]);
    expect(mistakesIn('')).toEqual([expect.stringContaining('the file is null: expected a federation')]);
    expect(() => readConfig('/nowhere/federation.aws.yaml')).toThrow('/nowhere/federation.aws.yaml:\n  the file cannot be read: expected a configuration such as docs/examples/aws/federation.aws.yaml');
  });
});

describe('a truststore', () => {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-truststore-'));
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });
  const problemOf = (pem: string, now?: number): readonly string[] => {
    const path = join(folder, 'truststore.pem');
    writeFileSync(path, pem);
    try {
      parseConfig(changed(['members', 0, 'truststore'], path), EXAMPLE, now);
    } catch (error) {
      return error instanceof ConfigError ? error.mistakes.map(({ field, problem }) => `${field} ${problem}`) : [String(error)];
    }
    return [];
  };

  test('holds authorities that are valid, and nothing secret', async () => {
    const validity = { nowMs: Date.now(), lifeMs: 60_000 };
    const authority = await createAuthority('a test', validity);
    const leaf = await issueMemberCertificate(authority, { federationId: 'prod-global', member: asMember('us-west'), hosts: [] }, validity);

    expect(problemOf(authority.certificatePem)).toEqual([]);
    expect(problemOf(authority.certificatePem, validity.nowMs + 120_000)).toEqual([expect.stringMatching(/truststore is .* whose certificate 1 \(CN=a test\) ended at/)]);
    expect(problemOf(`${authority.certificatePem}${leaf.certificatePem}`)).toEqual([expect.stringMatching(/whose certificate 2 \(CN=us-west\) is not an authority's/)]);
    expect(problemOf(`${authority.certificatePem}${leaf.privateKeyPem}`)).toEqual([expect.stringContaining('which holds a private key')]);
    expect(problemOf('')).toEqual([expect.stringContaining('which holds 0 certificates')]);
  });
});
