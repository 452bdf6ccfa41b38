import { asMember } from '../shared/model/ids.ts';
import type { Member } from '../shared/model/ids.ts';
import { isHostName } from '../shared/model/endpoint.ts';
import { isMemberName } from '../shared/wire/names.ts';
import type { FunctionName } from './names.ts';
import { FUNCTION_NAMES } from './names.ts';

/** What a deployment tells its functions: everything that cannot come from the federation object (DESIGN §9). */
export interface Environment {
  readonly federationId: string;
  readonly member: Member;
  /** The hub's member in hub-spoke. */
  readonly hub: Member | undefined;
  readonly regionalTable: string;
  readonly ledgerTable: string;
  /** Name or ARN of the region's bus. */
  readonly eventBus: string;
  readonly tickQueueUrl: string;
  /** The queues of what functions gave up, by function: their URLs. */
  readonly deadLetterQueues: ReadonlyMap<FunctionName, string>;
  /** Name or ARN of the secret with certificate, key and authorities. */
  readonly memberSecret: string;
  /** Domains that peers' endpoints may be in, their own names included; empty: any. */
  readonly peerDomains: readonly string[];
  readonly logLevel: LogLevel;
  /** Set by the runtime. */
  readonly awsRegion: string;
  /** An emulator instead of AWS; unset in an account. */
  readonly awsEndpoint: string | undefined;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The names of the variables, by field. */
export const VARIABLES = {
  federationId: 'NOVAEDGE_FEDERATION_ID',
  member: 'NOVAEDGE_MEMBER',
  hub: 'NOVAEDGE_HUB',
  regionalTable: 'NOVAEDGE_REGIONAL_TABLE',
  ledgerTable: 'NOVAEDGE_LEDGER_TABLE',
  eventBus: 'NOVAEDGE_EVENT_BUS',
  tickQueueUrl: 'NOVAEDGE_TICK_QUEUE_URL',
  deadLetterQueues: 'NOVAEDGE_DEAD_LETTER_QUEUES',
  memberSecret: 'NOVAEDGE_MEMBER_SECRET',
  peerDomains: 'NOVAEDGE_PEER_DOMAINS',
  logLevel: 'NOVAEDGE_LOG_LEVEL',
  awsRegion: 'AWS_REGION',
  awsEndpoint: 'AWS_ENDPOINT_URL',
} as const satisfies Readonly<Record<keyof Environment, string>>;

/** A variable that is missing or not what is expected. */
export class EnvironmentError extends Error { override readonly name = 'EnvironmentError' }

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the environment once; what it answers is frozen.
 *
 * @throws EnvironmentError naming the variable, what it is, and what is accepted
 */
export function parseEnvironment(variables: Variables): Environment {
  const required = (field: keyof Environment, expected: string): string => {
    const value = variables[VARIABLES[field]] ?? '';
    if (value === '') throw new EnvironmentError(`${VARIABLES[field]} is not set: expected ${expected}`);
    return value;
  };
  const optional = (field: keyof Environment): string | undefined => variables[VARIABLES[field]] || undefined;
  const hub = optional('hub');
  return Object.freeze({
    federationId: federationIdIn(required('federationId', FEDERATION_EXPECTED)),
    member: memberIn('member', required('member', MEMBER_EXPECTED)),
    hub: hub === undefined ? undefined : memberIn('hub', hub),
    regionalTable: required('regionalTable', 'the name of the region\'s table'),
    ledgerTable: required('ledgerTable', 'the name of the ledger\'s table'),
    eventBus: required('eventBus', 'the name or ARN of the region\'s event bus'),
    tickQueueUrl: urlIn('tickQueueUrl', required('tickQueueUrl', URL_EXPECTED)),
    deadLetterQueues: queuesIn(optional('deadLetterQueues') ?? ''),
    memberSecret: required('memberSecret', 'the name or ARN of a secret'),
    peerDomains: domainsIn(optional('peerDomains') ?? ''),
    logLevel: levelIn(optional('logLevel') ?? 'info'),
    awsRegion: required('awsRegion', 'an AWS region such as us-west-2; the Lambda runtime sets it'),
    awsEndpoint: optional('awsEndpoint'),
  });
}

const FEDERATION_ID = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const FEDERATION_EXPECTED = 'the federation\'s ID as in spec.federationID: 1 to 63 lower-case letters, digits and "-"';
const MEMBER_EXPECTED = 'a member\'s name: 1 to 63 lower-case letters, digits, "-" and ".", such as us-west';
const URL_EXPECTED = 'the URL of a queue, such as https://sqs.us-west-2.amazonaws.com/111122223333/ticks';
const MAX_SHOWN_CHARACTERS = 100;

const wrong = (field: keyof Environment, value: string, expected: string): EnvironmentError =>
  new EnvironmentError(`${VARIABLES[field]} is ${JSON.stringify(value.slice(0, MAX_SHOWN_CHARACTERS))}: expected ${expected}`);

function federationIdIn(value: string): string {
  if (!FEDERATION_ID.test(value)) throw wrong('federationId', value, FEDERATION_EXPECTED);
  return value;
}

function memberIn(field: 'member' | 'hub', value: string): Member {
  if (!isMemberName(value)) throw wrong(field, value, MEMBER_EXPECTED);
  return asMember(value);
}

function urlIn(field: keyof Environment, value: string): string {
  if (!URL.canParse(value)) throw wrong(field, value, URL_EXPECTED);
  return value;
}

/** As `writeQueues` writes them. */
function queuesIn(value: string): ReadonlyMap<FunctionName, string> {
  const queues = new Map<FunctionName, string>();
  for (const entry of value.split(',').filter((text) => text !== '')) {
    const [name = '', url = ''] = entry.split(/=(.*)/s);
    const known = FUNCTION_NAMES.find((one) => one === name);
    if (known === undefined || !URL.canParse(url)) throw wrong('deadLetterQueues', entry, 'queues\' URLs by function, separated by commas, such as push=https://sqs.us-west-2.amazonaws.com/111122223333/push');
    queues.set(known, url);
  }
  return queues;
}

/** The value of `deadLetterQueues`' variable. */
export const writeQueues = (queues: Readonly<Record<string, string>>): string => Object.entries(queues).map(([name, url]) => `${name}=${url}`).join(',');

function domainsIn(value: string): readonly string[] {
  const domains = value.split(',').map((domain) => domain.trim().toLowerCase()).filter((domain) => domain !== '');
  for (const domain of domains) if (!isHostName(domain)) throw wrong('peerDomains', domain, 'domains separated by commas, such as federation.example.com,example.net');
  return Object.freeze(domains);
}

function levelIn(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level === undefined) throw wrong('logLevel', value, LOG_LEVELS.join(', '));
  return level;
}
