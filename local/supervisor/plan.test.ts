import { expect, test } from 'vitest';
import { MAX_MEMBERS, makePlan, portsNeeded, relayPort } from './plan.ts';

test.each(Array.from({ length: MAX_MEMBERS }, (_, at) => at + 1))('a plan of %i members uses each of its ports once', (members) => {
  const plan = makePlan('/data', members, 20_000);

  const ports = [...plan.members, ...plan.relays].map(({ port }) => port);

  expect(ports.sort((a, b) => a - b)).toStrictEqual(Array.from({ length: portsNeeded(members) }, (_, at) => 20_000 + at));
});

test('a relay leads to the member it is named for', () => {
  const plan = makePlan('/data', 3, 20_000);

  const relay = plan.relays.find(({ port }) => port === relayPort(plan, 'us-west', 'ap-east', 'rpc'));

  expect(relay?.targetPort).toBe(plan.members.find(({ name }) => name === 'ap-east')?.port);
  expect(() => relayPort(plan, 'us-west', 'nowhere', 'rpc')).toThrow('no relay from us-west to nowhere');
});
