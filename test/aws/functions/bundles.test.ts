import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleFunctions } from '../../../functions/bundle.ts';
import type { Bundle } from '../../../functions/bundle.ts';
import type { LambdaHandler } from '../../../functions/region/lambda.ts';
import { route } from '../../../shared/replica/testing.ts';
import { FunctionsFederation } from './federation.ts';
import { contextOf } from './front.ts';
import { variablesOf } from './variables.ts';

let federation: FunctionsFederation;
let folder: string;
let bundles: readonly Bundle[];
// The first time ever, the emulator is installed.
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novaedge-bundles-'));
  [federation, bundles] = await Promise.all([FunctionsFederation.start(['us-west', 'eu-west']), bundleFunctions(folder)]);
  const { environment } = federation.member('eu-west').region;
  Object.assign(process.env, variablesOf(environment), { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
}, 200_000);
afterAll(async () => {
  await federation.stop();
  rmSync(folder, { recursive: true });
});

/** The handler of a bundle, as Lambda loads it. */
async function handlerOf(name: string): Promise<LambdaHandler<unknown, unknown>> {
  const file = bundles.find((bundle) => bundle.name === name)?.file ?? '';
  return ((await import(/* @vite-ignore */ file)) as { readonly handler: LambdaHandler<unknown, unknown> }).handler;
}
const run = async (name: string, event: unknown = {}): Promise<unknown> => (await handlerOf(name))(event, contextOf(name));

describe('the bundles of eu-west', () => {
  test('do the jobs: what us-west wrote is here', async () => {
    const us = federation.member('us-west');
    await us.cluster.write(route('for-bundles'), { hosts: ['a'] });
    for (const job of ['health', 'sync', 'anti-entropy', 'garbage-collect']) await run(job);

    expect(await federation.member('eu-west').specOf(route('for-bundles'))).toEqual({ hosts: ['a'] });
  });

  test('follow events, the stream and the clock', async () => {
    const records = (await federation.pump()).get('eu-west');

    expect(await run('doorbell', records)).toEqual({ batchItemFailures: [] });
    expect(await run('push', { detail: { head: 1, changes: 1 } })).toBeUndefined();
    expect(await run('tick', { time: '2026-01-01T00:00:00Z' })).toBeUndefined();
  });

  test.each([['peer-api', 'PeerService/Pull'], ['cluster-api', 'BridgeService/Commit'], ['bridge-pull', 'BridgeService/Pull'], ['operator-api', 'OperatorService/Status'], ['operator-sync', 'OperatorService/SyncNow'], ['agent-api', 'AgentService/Poll']])('%s serves %s to nobody without a certificate', async (name, method) => {
    const answer = await run(name, { rawPath: `/novaedge.federation.v1.${method}`, headers: { 'content-type': 'application/json' }, body: '{}', requestContext: { http: { method: 'POST' } } });

    expect(answer).toMatchObject({ statusCode: 401 });
    expect(await run(name, { rawPath: '/healthz', requestContext: { http: { method: 'GET' } } })).toMatchObject({ statusCode: 200, body: 'ok\n' });
  });
});
