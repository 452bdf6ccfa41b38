import type { ConflictInfo, VersionInfo } from '../../shared/ports/operator.ts';
import { printPath } from './paths.ts';
import { printResource } from './resource-name.ts';
import type { Column } from './table.ts';
import { plainColumns, table } from './table.ts';
import { formatAgo } from './times.ts';

// The widths are the setup guide's ("Handling Manual Conflicts").
const COLUMNS: readonly Column[] = [{ header: 'RESOURCE', minimumWidth: 25 }, { header: 'LOCAL VERSION' }, { header: 'REMOTE VERSION' }, { header: 'DETECTED' }];

/** Conflicts as the setup guide lists them; with `all` also what became of those that were decided automatically. */
export function conflictsText(conflicts: readonly ConflictInfo[], nowMs: number, { all, wide }: { readonly all: boolean; readonly wide: boolean }): string {
  if (conflicts.length === 0) return all ? 'No conflicts.\n' : 'No conflicts are pending.\n';
  const columns = [...COLUMNS, ...(all ? plainColumns('STATUS', 'SHOWN', 'LOST', 'WHY') : []), ...(wide ? plainColumns('STRATEGY', 'OVERLAPPING') : [])];
  return table(columns, conflicts.map((conflict) => [
    printResource(conflict.key),
    sideText(conflict.versions, true),
    sideText(conflict.versions, false),
    formatAgo(conflict.detectedAtMs, nowMs),
    ...(all ? [titleCase(conflict.status), shownText(conflict), losersOf(conflict).map(versionText).join(', ') || '-', conflict.why] : []),
    ...(wide ? [conflict.strategy, conflict.overlapping.map(printPath).join(', ') || '-'] : []),
  ]));
}

const sideText = (versions: readonly VersionInfo[], isLocal: boolean): string =>
  versions.filter((version) => version.isLocal === isLocal).map(versionText).join(', ') || '-';

/** `v1.5 (local)`, `v1.6 (eu-west)`, `v1.7 (ap-east, deleted)`. */
export const versionText = ({ version, member, isLocal, deleted }: VersionInfo): string => `${version} (${isLocal ? 'local' : member}${deleted ? ', deleted' : ''})`;

/** The version that is shown; undefined for a merge. */
export const shownVersion = ({ winner, versions }: ConflictInfo): VersionInfo | undefined =>
  versions.find(({ version, member }) => version === winner?.version && member === winner.member);

const shownText = (conflict: ConflictInfo): string => {
  const shown = shownVersion(conflict);
  return shown === undefined ? (conflict.winner === undefined ? 'merged' : `${conflict.winner.version} (${conflict.winner.member})`) : versionText(shown);
};

/** The versions that are not shown. While a person is waited for, nothing has lost. Of a merge, none has lost as a whole. */
export function losersOf(conflict: ConflictInfo): readonly VersionInfo[] {
  const shown = shownVersion(conflict);
  return conflict.status === 'pending' || shown === undefined ? [] : conflict.versions.filter((version) => version !== shown);
}

export const titleCase = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
