import { expect } from 'vitest';
import { resourceKey } from '../../../shared/model/resource-key.ts';
import type { ResourceKey } from '../../../shared/model/ids.ts';
import { eventually } from '../../e2e/local-federation.ts';
import type { DeployedFederation } from '../deployment/deployed-federation.ts';

export const NAMES = ['us-west', 'eu-west'] as const;
export type FaultedName = (typeof NAMES)[number];
/** Two members whose functions reach their region through a proxy that goes wrong when it is told to. */
export type Faulted = DeployedFederation<FaultedName>;

/** EventBridge's clock ticks once a minute, and the machine may be busy. */
export const PATIENCE_MS = 150_000;
const LOOK_MS = 100;

export const routeOf = (name: string, host: string) => ({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default' }, spec: { hostnames: [host] } });
export const manifestOf = (name: string, host: string): string => JSON.stringify(routeOf(name, host));
export const pathOf = (name: string): string => `default/proxyroute-${name}.yaml`;
export const keyOf = (name: string): ResourceKey => resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name });

/** Waits until a route stands in the folder of a member's cluster as it should. */
export async function arrives(federation: Faulted, at: FaultedName, name: string, host: string): Promise<void> {
  await eventually(`${name} with ${host} at ${at}`, () => federation.manifest(at, pathOf(name)), (object) => (object as { spec?: { hostnames?: readonly string[] } } | undefined)?.spec?.hostnames?.[0] === host, PATIENCE_MS, LOOK_MS);
}

/** How a resource came about, as a member knows it. */
export const historyAt = async (federation: Faulted, at: FaultedName, key: ResourceKey): Promise<readonly string[]> =>
  (await federation.members[at].operator.history(key)).map(({ what, member, version }) => `${what} ${member} ${version}`);

/** Everywhere the same version of a resource, and no other beside. */
export async function expectOneVersion(federation: Faulted, by: FaultedName, key: ResourceKey): Promise<void> {
  const held = await Promise.all(NAMES.map((name) => federation.members[name].operator.get(key)));
  const [versions, ...others] = held.map((resource) => resource?.versions.map(({ member, version, hash }) => ({ member, version, hash })));
  expect(versions).toEqual([expect.objectContaining({ member: by })]);
  for (const other of others) expect(other).toEqual(versions);
  for (const resource of held) expect(resource?.conflict).toBeUndefined();
}

/** And by what their logs tell it was written once. */
export async function expectWrittenOnce(federation: Faulted, by: FaultedName, key: ResourceKey): Promise<void> {
  await expectOneVersion(federation, by, key);
  const [history, ...others] = await Promise.all(NAMES.map((name) => historyAt(federation, name, key)));
  expect(history).toEqual([expect.stringMatching(`^written ${by} `)]);
  for (const other of others) expect(other).toEqual(history);
}

/** Both members have seen all of each other and hold the same. */
export async function expectLevel(federation: Faulted): Promise<void> {
  const look = () => Promise.all(NAMES.map((name) => federation.members[name].operator.status()));
  await eventually('both are level', look, (all) => new Set(all.map(({ merkleRoot, localVectorClock }) => JSON.stringify([merkleRoot, Object.entries(localVectorClock).sort()]))).size === 1, PATIENCE_MS, LOOK_MS);
}
