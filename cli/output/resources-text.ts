import { splitKey } from '../../shared/model/resource-key.ts';
import type { HistoryEntry, ResourceInfo } from '../../shared/ports/operator.ts';
import { versionText } from './conflicts-text.ts';
import { printName } from './resource-name.ts';
import { plainColumns, table } from './table.ts';
import { formatAge, formatAgo } from './times.ts';

/** Digits of a hash that tell two contents apart at a glance. */
const SHORT_HASH = 12;

/** What of a resource's name the table has to say. */
export interface ResourceColumns { readonly namespace: boolean; readonly kind: boolean; readonly wide: boolean }

/** Resources as a table, in the order they came. */
export function resourcesText(resources: readonly ResourceInfo[], nowMs: number, { namespace, kind, wide }: ResourceColumns): string {
  const headers = [...(namespace ? ['NAMESPACE'] : []), 'NAME', 'VERSION', 'AGE', 'CONFLICT', ...(wide ? ['HASH', 'WRITTEN BY'] : [])];
  return table(plainColumns(...headers), resources.map((resource) => {
    const name = splitKey(resource.key);
    const newestMs = resource.versions.reduce((latest, { writtenAtMs }) => Math.max(latest, writtenAtMs), 0);
    return [
      ...(namespace ? [name.namespace || '-'] : []),
      kind ? printName({ ...name, namespace: '' }).replace('//', '/') : name.name,
      resource.versions.map(versionText).join(', ') || '-',
      newestMs === 0 ? '-' : formatAge(nowMs - newestMs),
      resource.conflict ?? '-',
      ...(wide ? [resource.hash.slice(0, SHORT_HASH), [...new Set(resource.versions.map(({ origin }) => origin))].join(', ') || '-'] : []),
    ];
  }));
}

/** What is still known of a resource's versions, oldest first. */
export const historyText = (entries: readonly HistoryEntry[], nowMs: number): string =>
  table(plainColumns('VERSION', 'MEMBER', 'COMMITTED', 'AGE', 'WHAT'), entries.map(({ version, member, committedAtMs, what }) =>
    [version, member, committedAtMs === undefined ? '-' : new Date(committedAtMs).toISOString(), formatAgo(committedAtMs, nowMs), what]));
