import { expect, test } from 'vitest';
import { RecordingLogger, realClock, TestFederation } from '../bridge/test-federation.ts';
import { meteredRegion } from './metered-region.ts';
import { BridgeMetrics } from './metrics.ts';

const never = new AbortController().signal;
const bridge = { clusterId: 'none-here' as never, leaseEpoch: 1, objects: 0, dirty: 0, version: 'test', ifNot: undefined };

test('an answer that cannot be measured is an answer still, and no failed call', async () => {
  const federation = await new TestFederation(['here', 'there']).start();
  const here = federation.member('here');
  await here.configure();
  const [metrics, logger] = [new BridgeMetrics(() => ({ state: 'following', exceptions: 0 })), new RecordingLogger()];
  const region = meteredRegion(here.region, { member: 'here', metrics, clock: realClock, logger });
  const status = JSON.stringify({ phase: 'Healthy', members: [{ name: 'there', healthy: true, syncLag: '-5ms' }] });
  here.before = () => ({ status, statusHash: 'x' });

  expect(await region.reportStatus(bridge, never)).toEqual({ status, statusHash: 'x' });
  expect(await metrics.registry.metrics()).not.toMatch(/sync_failures_total\{.*\} [1-9]/);
  expect(logger.lines.map(({ event }) => event)).toEqual(['answer-not-measured']);
});

test('a call that fails is counted and fails', async () => {
  const federation = await new TestFederation(['here', 'there']).start();
  const here = federation.member('here');
  const metrics = new BridgeMetrics(() => ({ state: 'following', exceptions: 0 }));
  const region = meteredRegion(here.region, { member: 'here', metrics, clock: realClock, logger: new RecordingLogger() });
  here.isDown = true;

  await expect(region.reportStatus(bridge, never)).rejects.toThrow('connection refused');
  expect(await metrics.registry.metrics()).toMatch(/sync_failures_total\{type="status",direction="push"\} 1/);
});
