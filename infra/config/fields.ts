import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import * as z from 'zod';
import { LOG_LEVELS } from '../../functions/environment.ts';
import { isHostName } from '../../shared/model/endpoint.ts';
import { asMember } from '../../shared/model/ids.ts';
import { isMemberName } from '../../shared/wire/names.ts';

/** What CloudWatch Logs offers, but for keeping them for ever. */
const RETENTION_DAYS: readonly RetentionDays[] = Object.values(RetentionDays).filter((days): days is RetentionDays => typeof days === 'number' && days !== RetentionDays.INFINITE);
const MAX_SHOWN_CHARACTERS = 100;
/** Stack names have at most 128 characters and hold both names. */
const MAX_NAMES_CHARACTERS = 100;
/** A transaction, a heartbeat round and the member list are made for tens. */
const MAX_MEMBERS = 30;
const MAX_DOMAINS = 100;

/** `is "value": expected …`, for a field that fails. */
const expecting = (expected: string) => ({ error: (issue: { readonly input?: unknown }) => (issue.input === undefined ? `is missing: expected ${expected}` : `is ${shown(issue.input)}: expected ${expected}`) });
const shown = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > MAX_SHOWN_CHARACTERS ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}…` : text;
};

/** A text for which `fits` holds. */
function text(expected: string, fits: (value: string) => boolean) {
  return z.string(expecting(expected)).refine(fits, expecting(expected));
}

const matches = (pattern: RegExp) => (value: string): boolean => pattern.test(value);
const MEMBER = 'a member\'s name, as in spec.localMember.name: 1 to 63 lower-case letters, digits, "-" and ".", such as us-west-controller';
const AWS_REGION = 'an AWS region, such as us-west-2';
const region = text(AWS_REGION, matches(/^[a-z]{2}(-[a-z]+)+-\d$/));
const domain = (example: string) => text(`a domain without scheme and port, such as ${example}`, isHostName);
const member = text(MEMBER, isMemberName).transform(asMember);
const certificate = text('the ARN of a certificate in ACM, such as arn:aws:acm:us-west-2:111122223333:certificate/11111111-2222-3333-4444-555555555555', matches(/^arn:aws[-a-z]*:acm:[-a-z0-9]+:\d{12}:certificate\/[-0-9a-f]{36}$/));

const memberSchema = z.strictObject({
  name: member,
  awsRegion: region,
  domain: domain('controller.us-west.example.com'),
  certificateArn: certificate,
  ownershipCertificateArn: certificate.optional(),
  truststore: text('the path of a PEM file with the authorities that may vouch for callers, from the configuration\'s folder', (value) => value !== ''),
  alarmTopicArn: text('the ARN of an SNS topic, such as arn:aws:sns:us-west-2:111122223333:on-call', matches(/^arn:aws[-a-z]*:sns:[-a-z0-9]+:\d{12}:[-_A-Za-z0-9.]+$/)).optional(),
  restoredTable: text('the name of a DynamoDB table: 3 to 255 letters, digits, "_", "-" and "."', matches(/^[-_.A-Za-z0-9]{3,255}$/)).optional(),
}, expecting('a member: name, awsRegion, domain, certificateArn, truststore, …'));

/** The file's form, each field by itself; `checks.ts` has what fields ask of each other. */
export const configSchema = z.strictObject({
  federationID: text('the federation\'s ID, as in spec.federationID: 1 to 63 lower-case letters, digits and "-"', matches(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)),
  account: text('an AWS account: 12 digits in quotes, such as "111122223333"', matches(/^\d{12}$/)),
  ledgerRegion: region,
  hub: member.optional(),
  peerDomains: z.array(domain('example.com'), expecting('a list of domains')).max(MAX_DOMAINS, expecting(`at most ${MAX_DOMAINS.toString()} domains`)).default([]),
  logRetentionDays: z.custom<RetentionDays>((value) => RETENTION_DAYS.some((days) => days === value), expecting(`one of ${RETENTION_DAYS.join(', ')}`)).default(RetentionDays.ONE_MONTH),
  logLevel: z.enum(LOG_LEVELS, expecting(`one of ${LOG_LEVELS.join(', ')}`)).default('info'),
  tracing: z.boolean(expecting('true or false')).default(false),
  runbookUrl: text('where the runbook is, such as https://git.example.com/novaedge/docs/runbook.md', (value) => value !== '').default('docs/runbook.md'),
  members: z.array(memberSchema, expecting('a list of members')).min(1, expecting('at least one member')).max(MAX_MEMBERS, expecting(`at most ${MAX_MEMBERS.toString()} members`)),
}, expecting('a federation: federationID, account, ledgerRegion, members, …'))
  .refine(({ federationID, members }) => members.every(({ name }) => federationID.length + name.length <= MAX_NAMES_CHARACTERS), { path: ['federationID'], error: `is too long: expected at most ${MAX_NAMES_CHARACTERS.toString()} characters together with each member's name, for both are in the stacks' names` });

/** The file as it was read. */
export type ConfigFile = z.infer<typeof configSchema>;
