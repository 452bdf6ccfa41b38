import { parseContent } from '../../shared/model/content.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import type { ConflictInfo, VersionInfo } from '../../shared/ports/operator.ts';
import { shownVersion, titleCase, versionText } from './conflicts-text.ts';
import { differingPaths, printPath } from './paths.ts';
import { yamlText } from './print.ts';
import { printResource } from './resource-name.ts';
import { sideBySide } from './side-by-side.ts';
import { plainColumns, table } from './table.ts';
import { formatAgo } from './times.ts';

/** A conflict with everything one needs to decide it: who wrote what when, where the versions differ, and how to keep one. */
export function conflictDescription(conflict: ConflictInfo, nowMs: number, columns: number | undefined): string {
  const versions = [...conflict.versions].sort((a, b) => Number(b.isLocal) - Number(a.isLocal));
  const [first, ...others] = versions;
  const comparisons = first === undefined ? [] : others.map((other) => comparison(first, other, columns));
  return [head(conflict, nowMs), `Versions:\n${versionsTable(versions, conflict, nowMs)}`, ...comparisons, advice(conflict, versions)].join('\n');
}

function head(conflict: ConflictInfo, nowMs: number): string {
  const shown = shownVersion(conflict);
  const { group } = splitKey(conflict.key);
  return [
    `Resource: ${printResource(conflict.key)}`,
    ...(group === '' ? [] : [`Group: ${group}`]),
    `Status: ${titleCase(conflict.status)}`,
    `Strategy: ${conflict.strategy}`,
    `Detected: ${new Date(conflict.detectedAtMs).toISOString()} (${formatAgo(conflict.detectedAtMs, nowMs)})`,
    `Shown: ${shown === undefined ? 'a merge of the versions' : versionText(shown)}`,
    `Why: ${conflict.why}`,
    ...(conflict.overlapping.length === 0 ? [] : [`Overlapping Fields: ${conflict.overlapping.map(printPath).join(', ')}`]),
    '',
  ].join('\n');
}

function versionsTable(versions: readonly VersionInfo[], conflict: ConflictInfo, nowMs: number): string {
  const shown = shownVersion(conflict);
  return table(plainColumns('VERSION', 'MEMBER', 'WRITTEN', 'AGE', 'BY', 'WHAT', 'SHOWN'), versions.map((version) => [
    version.version,
    `${version.member}${version.isLocal ? ' (local)' : ''}`,
    new Date(version.writtenAtMs).toISOString(),
    formatAgo(version.writtenAtMs, nowMs),
    version.origin === 'operator' ? 'an operator' : `cluster ${shortId(version.origin)}`,
    version.deleted ? 'deleted' : 'written',
    version === shown ? 'yes' : shown === undefined ? 'merged' : 'no',
  ]), '  ');
}

/** Clusters are told apart by their first characters; `-o json` has all. */
const shortId = (id: string): string => id.replace(/^([0-9a-f]{8})-[0-9a-f-]{27}$/, '$1…');

function comparison(left: VersionInfo, right: VersionInfo, columns: number | undefined): string {
  const [leftManifest, rightManifest] = [manifestOf(left), manifestOf(right)];
  const differing = leftManifest === undefined || rightManifest === undefined ? [] : differingPaths(leftManifest, rightManifest);
  const title = differing.length === 0 ? '' : `Differing Fields: ${differing.join(', ')}\n`;
  return `${title}${sideBySide({ title: versionText(left), text: textOf(left, leftManifest) }, { title: versionText(right), text: textOf(right, rightManifest) }, columns, '  ')}`;
}

const manifestOf = ({ manifest }: VersionInfo): JsonObject | undefined => (manifest === undefined ? undefined : parseContent(manifest));

const textOf = ({ deleted }: VersionInfo, manifest: JsonObject | undefined): string =>
  (manifest === undefined ? (deleted ? '(deleted)' : '(its content is not here)') : yamlText(sorted(manifest)));

/** Name and kind first, as people write manifests; the rest stays in its order. */
function sorted({ apiVersion, kind, metadata, ...rest }: JsonObject): JsonObject {
  const front = Object.entries({ apiVersion, kind, metadata }).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(front) as JsonObject, ...rest };
}

function advice({ key, status }: ConflictInfo, versions: readonly VersionInfo[]): string {
  const resource = printResource(key);
  const isPlain = versions.length === 2 && versions.filter(({ isLocal }) => isLocal).length === 1;
  const choices = isPlain ? 'local|remote' : [...new Set(versions.map(({ member }) => member))].join('|');
  const why = status === 'pending' ? 'Resolve it with' : 'Decided automatically; keep another version with';
  return `${why}: novactl federation conflicts resolve ${resource} --keep ${choices}\n`;
}
