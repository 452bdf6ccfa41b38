import { AwsClient } from '../../../shared/adapters/aws/index.ts';
import type { AwsService } from '../../../shared/adapters/aws/index.ts';
import type { FunctionName } from '../../../functions/names.ts';
import type { DeployedMember } from './deployed-federation.ts';
import { deployedFunction, scopeOf } from './deployed-functions.ts';
import type { EmulatedRegion } from './emulated-region.ts';
import type { LedgerPump } from './ledger-pump.ts';

const EVENTS: AwsService = { name: 'events', target: 'AWSEvents', jsonVersion: '1.1' };
/** The ways a change gets to a peer, each the backstop of the one before. */
export type Way = 'push' | 'doorbell' | 'schedule';
/** What tells a rule in its pattern; CloudFormation names it. */
const RULES = { push: '"Committed"', sync: '"sync"', antiEntropy: '"anti-entropy"' } as const;

/** Leaves one way open at all members and cuts the others: rules are disabled, the ledger is held up. */
export async function leaveOnly(federation: { readonly members: Readonly<Record<string, DeployedMember>>; readonly pump: LedgerPump }, ...ways: readonly Way[]): Promise<void> {
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
export async function asFunction(emulator: EmulatedRegion, name: FunctionName): Promise<AwsClient> {
  const found = await deployedFunction(emulator, name);
  const body = new URLSearchParams({ Action: 'AssumeRole', Version: '2011-06-15', RoleArn: found.Role, RoleSessionName: 'test' });
  const text = await fetch(emulator.url, { method: 'POST', headers: { ...scopeOf(emulator, 'sts'), 'content-type': 'application/x-www-form-urlencoded' }, body }).then((answer) => answer.text());
  const field = (of: string): string => new RegExp(`<${of}>([^<]+)</${of}>`).exec(text)?.[1] ?? '';
  const credentials = { accessKeyId: field('AccessKeyId'), secretAccessKey: field('SecretAccessKey'), sessionToken: field('SessionToken') };
  if (credentials.accessKeyId === '') throw new Error(`no credentials for ${found.Role}: ${text}`);
  return new AwsClient({ region: emulator.region, endpoint: emulator.url, credentials: () => credentials });
}
