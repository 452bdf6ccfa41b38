import { AwsClient } from '../../../shared/adapters/aws/index.ts';
import type { AwsService } from '../../../shared/adapters/aws/index.ts';
import type { DeployedFederation, DeployedMember } from './deployed-federation.ts';
import type { EmulatedRegion } from './emulated-region.ts';

const EVENTS: AwsService = { name: 'events', target: 'AWSEvents', jsonVersion: '1.1' };
/** The ways a change gets to a peer, each the backstop of the one before. */
export type Way = 'push' | 'doorbell' | 'schedule';
/** What tells a rule in its pattern; CloudFormation names it. */
const RULES = { push: '"Committed"', sync: '"sync"', antiEntropy: '"anti-entropy"' } as const;

/** Leaves one way open at all members and cuts the others: rules are disabled, the ledger is held up. */
export async function leaveOnly(federation: DeployedFederation, ...ways: readonly Way[]): Promise<void> {
  if (ways.includes('doorbell')) federation.pump.resume();
  else federation.pump.pause();
  await Promise.all(Object.values(federation.members).flatMap((member) => [
    switchRule(member, RULES.push, ways.includes('push')),
    switchRule(member, RULES.sync, ways.includes('schedule')),
    switchRule(member, RULES.antiEntropy, ways.includes('schedule')),
  ]));
}

async function switchRule({ emulator, outputs }: DeployedMember, within: string, isOn: boolean): Promise<void> {
  const { Rules } = await emulator.client.call<{ Rules: { Name: string; EventPattern?: string }[] }>(EVENTS, 'ListRules', { EventBusName: outputs['Bus'] });
  const rules = Rules.filter(({ EventPattern }) => EventPattern?.includes(within) === true);
  if (rules.length !== 1) throw new Error(`${rules.length.toString()} rules match ${within}: ${Rules.map(({ EventPattern }) => EventPattern).join(', ')}`);
  for (const { Name } of rules) await emulator.client.call(EVENTS, isOn ? 'EnableRule' : 'DisableRule', { Name, EventBusName: outputs['Bus'] });
}

/** A client that may do what a deployed function may, and no more. */
export async function asFunction(emulator: EmulatedRegion, name: RegExp): Promise<AwsClient> {
  const scope = (service: string) => ({ authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${emulator.region}/${service}/aws4_request, SignedHeaders=host, Signature=0` });
  const listed = await fetch(`${emulator.url}/2015-03-31/functions/`, { headers: scope('lambda') }).then((answer) => answer.json()) as { Functions: { FunctionName: string; Role: string }[] };
  const found = listed.Functions.find(({ FunctionName }) => name.test(FunctionName));
  if (found === undefined) throw new Error(`no function is called ${name.source}: ${listed.Functions.map(({ FunctionName }) => FunctionName).join(', ')}`);
  const body = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: found.Role, RoleSessionName: 'test' });
  const text = await fetch(emulator.url, { method: 'POST', headers: { ...scope('sts'), 'content-type': 'application/x-www-form-urlencoded' }, body }).then((answer) => answer.text());
  const field = (of: string): string => new RegExp(`<${of}>([^<]+)</${of}>`).exec(text)?.[1] ?? '';
  const credentials = { accessKeyId: field('AccessKeyId'), secretAccessKey: field('SecretAccessKey'), sessionToken: field('SessionToken') };
  if (credentials.accessKeyId === '') throw new Error(`no credentials for ${found.Role}: ${text}`);
  return new AwsClient({ region: emulator.region, endpoint: emulator.url, credentials: () => credentials });
}
