import { test } from 'vitest';
import { makeDirectoryHarness } from './directory-harness.ts';
import { TestFederation, realClock, realRandom, RecordingLogger } from '../bridge/test-federation.ts';
import { startBridge } from '../bridge/bridge.ts';
test('x', async () => {
  const h = await makeDirectoryHarness();
  const f = await new TestFederation(['here', 'there']).start();
  const here = f.member('here');
  await h.userWrites(here.manifest());
  const logger = new RecordingLogger();
  const b = startBridge({ cluster: h.cluster(), region: here.region, clock: realClock, random: realRandom, logger, version: 't' });
  await realClock.sleep(700);
  for (const l of logger.lines) console.log(l.level, l.event, JSON.stringify(l.fields));
  for (const c of here.calls.filter((c)=>c.method==='putFederation')) console.log(JSON.stringify(c.request).slice(0, 300));
  console.log(JSON.stringify(await h.status()).slice(0, 1500));
  await b.stop(); await h.close();
});
