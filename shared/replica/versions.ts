import { incarnationsOf } from '../model/clock-row.ts';
import type { ClockRow } from '../model/clock-row.ts';
import { isObject, parseContent } from '../model/content.ts';
import type { Json, JsonObject } from '../model/content.ts';
import type { Incarnation, Member, ResourceKey } from '../model/ids.ts';
import { splitKey } from '../model/resource-key.ts';
import type { Sibling } from '../model/row.ts';
import type { Dot } from '../model/version-vector.ts';
import type { VersionInfo, VersionName } from '../ports/operator.ts';
import { knownClocks } from './known-members.ts';
import type { Replica } from './replica.ts';

/** Who owns each incarnation and its ordinal, for printing versions. */
export interface VersionNames { readonly of: (dot: Dot) => { readonly version: string; readonly member: Member | undefined } }

/** Reads once what is needed to print any version: `v<ordinal of the incarnation>.<counter>`. */
export async function versionNames(replica: Replica): Promise<VersionNames> {
  const owners = new Map<Incarnation, { member: Member; ordinal: number }>();
  const { clock } = await replica.store.state();
  const clocks: ClockRow[] = [...(await knownClocks(replica)).values(), ...(clock === undefined ? [] : [clock])];
  for (const row of clocks) for (const [at, incarnation] of incarnationsOf(row).entries()) owners.set(incarnation, { member: row.member, ordinal: at + 1 });
  return {
    of: ({ incarnation, counter }) => {
      const owner = owners.get(incarnation);
      return { version: `v${(owner?.ordinal ?? 0).toString()}.${counter.toString()}`, member: owner?.member };
    },
  };
}

/** What a version is called; of an incarnation that nobody tells of, its stamp says whose it is. */
export function nameOf({ dot, stamp }: Sibling, names: VersionNames): VersionName {
  const { version, member } = names.of(dot);
  return { version, member: member ?? stamp.member };
}

/** One version as people read it. */
export async function versionInfo(replica: Replica, key: ResourceKey, sibling: Sibling, names: VersionNames): Promise<VersionInfo> {
  const { version, member } = nameOf(sibling, names);
  const content = sibling.body.kind === 'live' ? (sibling.body.content ?? (await replica.store.content(key, sibling.body.hash))) : undefined;
  return {
    version,
    member,
    isLocal: member === replica.identity.member,
    writtenAtMs: sibling.stamp.ms,
    origin: sibling.origin,
    deleted: sibling.body.kind === 'deleted',
    hash: sibling.body.kind === 'live' ? sibling.body.hash : undefined,
    manifest: content === undefined ? undefined : manifestText(key, content),
  };
}

const SECRET_KINDS = ['Secret', 'ConfigMap'];
const SECRET_FIELDS = ['data', 'stringData', 'binaryData'];

/** A whole manifest from the federated part: with its name, and with the values of Secrets and ConfigMaps redacted (DESIGN §10). */
export function manifestText(key: ResourceKey, content: string): string {
  const { kind, namespace, name, group } = splitKey(key);
  const { apiVersion = '', kind: _kind, metadata, ...rest } = parseContent(content);
  const shown = group === '' && SECRET_KINDS.includes(kind) ? redacted(rest) : rest;
  const labels: JsonObject = isObject(metadata) ? metadata : {};
  return JSON.stringify({ apiVersion, kind, metadata: { name, ...(namespace === '' ? {} : { namespace }), ...labels }, ...shown });
}

function redacted(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).map(([field, value]): [string, Json] =>
    [field, SECRET_FIELDS.includes(field) && isObject(value) ? Object.fromEntries(Object.keys(value).map((name) => [name, '(redacted)'])) : value]));
}
