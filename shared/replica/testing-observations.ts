import type { Observation, ObservationResult, Target } from '../ports/region.ts';
import { Federation, route } from './testing.ts';
import type { TestMember } from './testing.ts';

/** Where tests of what a cluster tells its region begin. */

export const a = route('a');

export interface Pair { readonly federation: Federation; readonly us: TestMember; readonly eu: TestMember }
export async function pair(spec = {}): Promise<Pair> {
  const federation = await Federation.start({ spec });
  return { federation, us: federation.member('us'), eu: federation.member('eu') };
}

/** `a` is shown in both clusters. */
export async function shared(spec = {}): Promise<Pair> {
  const setting = await pair(spec);
  await setting.us.cluster.write(a, { port: 1 });
  await setting.federation.exchange();
  for (const member of setting.federation.all) await member.cluster.follow();
  return setting;
}

/** As `shared`; `eu` then wrote port 2, which has come to the region of `us`, but not to its cluster. Returns the target for it. */
export async function newerInRegion(): Promise<Pair & { readonly target: Extract<Target['show'], { kind: 'live' }> }> {
  const setting = await shared();
  setting.federation.nowMs += 1000;
  await setting.eu.cluster.write(a, { port: 2 });
  await setting.us.pullFrom('eu');
  const { targets: [target] } = await setting.us.cluster.pull();
  if (target?.show.kind !== 'live') throw new Error('no target');
  return { ...setting, target: target.show };
}

export const tokenOf = (member: TestMember, key = a): string => member.cluster.objects.get(key)?.token ?? '';
export const touched = (member: TestMember, key = a): Observation => member.cluster.observe(key, { resourceVersion: (Number(member.cluster.resourceVersion) + 50).toString() });
export const only = (results: readonly ObservationResult[]): ObservationResult | undefined => results[0];
export const sorted = (versions: readonly unknown[]): readonly string[] => versions.map((version) => JSON.stringify(version)).sort();

export const manifestOf = (spec: object): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'a', namespace: 'default' }, spec });
