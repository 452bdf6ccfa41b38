import { describe, expect, test } from 'vitest';
import { EnvironmentError, parseEnvironment, writeQueues } from './environment.ts';

const COMPLETE = {
  NOVAEDGE_FEDERATION_ID: 'prod', NOVAEDGE_MEMBER: 'us-west', NOVAEDGE_REGIONAL_TABLE: 'prod-us-west', NOVAEDGE_LEDGER_TABLE: 'prod-ledger', NOVAEDGE_EVENT_BUS: 'prod-us-west',
  NOVAEDGE_TICK_QUEUE_URL: 'https://sqs.us-west-2.amazonaws.com/111122223333/ticks', NOVAEDGE_MEMBER_SECRET: 'prod/us-west', AWS_REGION: 'us-west-2',
};

describe('the environment of a function', () => {
  test('is read once and frozen, with defaults for what may be left out', () => {
    const environment = parseEnvironment({ ...COMPLETE, NOVAEDGE_PEER_DOMAINS: ' Federation.Example.com, example.net ,' });

    expect(environment).toMatchObject({ federationId: 'prod', member: 'us-west', hub: undefined, logLevel: 'info', awsEndpoint: undefined, peerDomains: ['federation.example.com', 'example.net'] });
    expect(Object.isFrozen(environment)).toBe(true);
  });

  test('may name a hub, a level and an emulator', () => {
    expect(parseEnvironment({ ...COMPLETE, NOVAEDGE_HUB: 'hub', NOVAEDGE_LOG_LEVEL: 'debug', AWS_ENDPOINT_URL: 'http://localhost:4566' })).toMatchObject({ hub: 'hub', logLevel: 'debug', awsEndpoint: 'http://localhost:4566' });
  });

  test('names the queues of dead letters by function, as the infrastructure writes them, or none', () => {
    const queues = { push: 'https://sqs.us-west-2.amazonaws.com/1/push?a=b', doorbell: 'http://localhost:4566/doorbell' };

    expect(Object.fromEntries(parseEnvironment({ ...COMPLETE, NOVAEDGE_DEAD_LETTER_QUEUES: writeQueues(queues) }).deadLetterQueues)).toEqual(queues);
    expect(parseEnvironment(COMPLETE).deadLetterQueues.size).toBe(0);
  });

  test.each(Object.keys(COMPLETE))('without %s says which variable is missing and what it should be', (name) => {
    const failure = (): unknown => parseEnvironment({ ...COMPLETE, [name]: '' });

    expect(failure).toThrow(EnvironmentError);
    expect(failure).toThrow(new RegExp(`^${name} is not set: expected `));
  });

  test.each([
    ['NOVAEDGE_FEDERATION_ID', 'Prod'],
    ['NOVAEDGE_MEMBER', 'US West'],
    ['NOVAEDGE_HUB', '-'],
    ['NOVAEDGE_TICK_QUEUE_URL', 'ticks'],
    ['NOVAEDGE_DEAD_LETTER_QUEUES', 'dance=https://sqs/q'],
    ['NOVAEDGE_DEAD_LETTER_QUEUES', 'push=q'],
    ['NOVAEDGE_PEER_DOMAINS', 'https://example.com'],
    ['NOVAEDGE_LOG_LEVEL', 'verbose'],
  ])('with a wrong %s names it, what it is and what is accepted', (name, value) => {
    const failure = (): unknown => parseEnvironment({ ...COMPLETE, [name]: value });

    expect(failure).toThrow(`${name} is ${JSON.stringify(value)}: expected `);
  });
});
