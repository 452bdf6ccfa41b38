import type { Json } from '../../shared/model/content.ts';
import { parseContent } from '../../shared/model/content.ts';
import type { ConflictInfo, VersionInfo } from '../../shared/ports/operator.ts';
import { losersOf, shownVersion } from './conflicts-text.ts';
import { printPath } from './paths.ts';
import { printResource } from './resource-name.ts';
import { isoTime } from './times.ts';

/** A conflict as scripts read it. */
export const conflictJson = (conflict: ConflictInfo): Json => ({
  resource: printResource(conflict.key),
  key: conflict.key,
  status: conflict.status,
  strategy: conflict.strategy,
  detectedAt: isoTime(conflict.detectedAtMs),
  overlapping: conflict.overlapping.map(printPath),
  shown: nameOf(shownVersion(conflict)),
  lost: losersOf(conflict).map(nameOf),
  why: conflict.why,
  versions: conflict.versions.map(versionJson),
});

/** Members number their versions each by themselves, so a version is named by both. */
const nameOf = (version: VersionInfo | undefined): Json => (version === undefined ? null : { version: version.version, member: version.member });

const versionJson = (version: VersionInfo): Json => ({
  version: version.version,
  member: version.member,
  local: version.isLocal,
  writtenAt: isoTime(version.writtenAtMs),
  origin: version.origin,
  deleted: version.deleted,
  hash: version.hash ?? null,
  manifest: version.manifest === undefined ? null : parseContent(version.manifest),
});
