import { describe, expect, test } from 'vitest';
import { federationHealth } from './status.ts';
import { Federation, route } from './testing.ts';

const a = route('a');

describe('what alarms go by', () => {
  test('is nothing where all is well', async () => {
    const federation = await Federation.start({ members: ['us', 'eu'] });
    await federation.exchange();

    expect(await federationHealth(federation.member('us').replica)).toEqual({ phase: 'Healthy', unhealthy: 0, syncLagMs: 0, conflictsPending: 0, holds: 0 });
  });

  test('is since when somebody has what is not here, and who cannot be reached', async () => {
    const federation = await Federation.start({ members: ['us', 'eu'] });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await federation.exchange();
    await eu.cluster.write(a, { port: 1 });
    await federation.beats();
    federation.nowMs += 40_000;
    federation.cut('us', 'eu');
    for (let attempt = 0; attempt < 3; attempt += 1) await federation.beats();

    expect(await federationHealth(us.replica)).toMatchObject({ phase: 'Partitioned', unhealthy: 1, syncLagMs: 40_000 });
  });

  test('is what waits for a person', async () => {
    const federation = await Federation.start({ members: ['us', 'eu'], spec: { conflictResolution: { strategy: 'Manual' } } });
    const [us, eu] = [federation.member('us'), federation.member('eu')];
    await us.cluster.write(a, { port: 1 });
    await eu.cluster.write(a, { port: 2 });
    await federation.exchange();

    expect(await federationHealth(us.replica)).toMatchObject({ conflictsPending: 1, holds: 0 });
  });
});
