import { afterEach, beforeEach, describe } from 'vitest';
import { describePort } from './cluster-acceptance-port.ts';
import { describeWithRegion } from './cluster-acceptance-region.ts';
import type { ClusterHarness } from './cluster-harness.ts';
import { TestFederation } from './test-federation.ts';
import type { FederationSettings } from './test-federation.ts';

export type { ClusterHarness } from './cluster-harness.ts';
export { route, routeKey, SUITE_GROUP, SUITE_KINDS, SUITE_NAMESPACES } from './cluster-harness.ts';

/** What every cluster adapter has to keep (DESIGN §11). The region is the real one, in this process. */
export function describeCluster(name: string, makeHarness: () => Promise<ClusterHarness>, makeFederation: (settings: FederationSettings) => Promise<TestFederation> = (settings) => new TestFederation(['here', 'there'], settings).start()): void {
  describe(name, () => {
    let harness: ClusterHarness;
    beforeEach(async () => { harness = await makeHarness(); });
    afterEach(async () => { await harness.close(); });

    describePort(() => harness);
    describeWithRegion(() => harness, makeFederation);
  });
}
