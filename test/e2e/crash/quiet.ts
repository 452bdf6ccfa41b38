import type { LocalFederation } from '../local-federation.ts';
import type { Complaints, Fields, Listed } from './account.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

interface Manifest { readonly kind: string; readonly metadata: { readonly name: string }; readonly spec?: Fields }

/** Every route of a member's folder, by name. */
export function routesOf(federation: LocalFederation, member: string): ReadonlyMap<string, Fields> {
  const folder = join(federation.folder(member), 'default');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  const manifests = files.map((name) => parse(readFileSync(join(folder, name), 'utf8')) as Manifest);
  return new Map(manifests.map(({ metadata, spec }) => [metadata.name, spec ?? {}]));
}

/** What differs between members: folders, Merkle roots, what each has seen; and what a cluster did not take. */
export async function differences(federation: LocalFederation, members: readonly string[]): Promise<Complaints> {
  const found = await Promise.all(members.map(async (member) => {
    const { merkleRoot, localVectorClock, exceptions, recovering, phase } = await federation.operator(member).status();
    return { member, root: merkleRoot, seen: sorted(localVectorClock), routes: sorted(Object.fromEntries([...routesOf(federation, member)].map(([name, spec]) => [name, sorted(spec)]))), exceptions, recovering, phase };
  }));
  const [first] = found;
  if (first === undefined) return [];
  return found.flatMap(({ member, root, seen, routes, exceptions, recovering, phase }) => [
    ...(root === first.root ? [] : [`the Merkle root of ${member} is ${root}, that of ${first.member} ${first.root}`]),
    ...(seen === first.seen ? [] : [`${member} has seen ${seen}, ${first.member} ${first.seen}`]),
    ...(routes === first.routes ? [] : [`the folder of ${member} is not that of ${first.member}: ${firstDifference(JSON.parse(first.routes) as Record<string, unknown>, JSON.parse(routes) as Record<string, unknown>)}`]),
    ...exceptions.map(({ key, reason, message }) => `${member}: ${key}: ${reason}: ${message}`),
    ...(recovering || phase !== 'Healthy' ? [`${member} is ${recovering ? 'recovering' : phase}`] : []),
  ]);
}

const sorted = (fields: Readonly<Record<string, unknown>>): string => JSON.stringify(Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))));

function firstDifference(one: Readonly<Record<string, unknown>>, other: Readonly<Record<string, unknown>>): string {
  const name = [...Object.keys(one), ...Object.keys(other)].find((key) => one[key] !== other[key]) ?? '';
  return `${name} is ${String(other[name])}, not ${String(one[name])}`;
}

/** What a member lists as conflicting, pending or decided, by route. */
export async function conflictsListed(federation: LocalFederation, member: string): Promise<ReadonlyMap<string, Listed>> {
  const conflicts = await federation.operator(member).conflicts(true);
  return new Map(conflicts.map(({ key, versions }) => [key.split('/')[3] ?? '', versions.map(({ manifest }) => manifest ?? '')]));
}
