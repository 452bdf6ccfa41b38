import type { Mutant } from './mutant.ts';

/** Bugs in what a member shows: its views, and what it believes its cluster to show. */
export const SHOWING: readonly Mutant[] = [
  {
    name: 'ties are decided by local preference',
    file: 'shared/model/view.ts',
    find: 'case \'LastWriterWins\': return decidedFor(row, winner, \'decided\', loaded);',
    replace: "case 'LastWriterWins': return decidedFor(row, row.siblings.find((sibling) => sibling.origin === viewer.clusterId && sibling.stamp.ms === winner.stamp.ms) ?? winner, 'decided', loaded);",
  },
  {
    name: 'the own version wins',
    file: 'shared/model/view.ts',
    find: 'case \'LastWriterWins\': return decidedFor(row, winner, \'decided\', loaded);',
    replace: "case 'LastWriterWins': return decidedFor(row, row.siblings.find((sibling) => sibling.origin === viewer.clusterId) ?? winner, 'decided', loaded);",
  },
  {
    name: 'versions are merged two ways, whatever they started from',
    file: 'shared/model/provenance.ts',
    find: 'if (shown === undefined) return writtenWhole(write);', replace: 'if (shown === undefined || kind.length > 0) return writtenWhole(write);',
  },
  {
    name: 'a field that somebody removed comes back in a merge',
    file: 'shared/model/merge-view.ts',
    find: "if (other.kind === 'unset') return true;", replace: "if (other.kind === 'unset' || other.kind === 'removed') return false;",
  },
  {
    name: 'a merge takes every field from the later version',
    file: 'shared/model/merge-view.ts',
    find: 'const standing = written.filter((claim) => !claims.some((other) => supersedes(other, claim)));', replace: 'const standing = written.filter((claim) => claim.of === claims[0]?.of);',
  },
  {
    name: 'what was shown is forgotten when the row changes',
    file: 'shared/replica/apply.ts',
    find: 'const shown = await shownOf(replica, key, row, facts);', replace: 'const shown = (await shownOf(replica, key, row, facts)) === undefined ? undefined : row?.local.shown;',
  },
  {
    name: 'the content that was shown is lost with the version that held it',
    file: 'shared/replica/bridge-record.ts',
    find: 'return holder === undefined ? shown : { ...shown, ...contentIn(holder.body) };', replace: 'return shown;',
  },
  {
    name: 'of a version that is gone nobody knows who wrote its fields',
    file: 'shared/replica/bridge-record.ts',
    find: "body.kind === 'live' ? { content: body.content, fields: body.fields } :", replace: "body.kind === 'live' ? { content: body.content, fields: { base: body.fields.base, set: new Map(), removed: new Map() } } :",
  },
  {
    name: 'what stands in the row counts as shown',
    file: 'shared/replica/bridge-record.ts',
    find: 'return row.siblings.every((sibling) => coversDot(record.applied, sibling.dot)) && isOffLogPassed(row, record);', replace: 'return true;',
  },
  {
    name: 'exceptions count as shown',
    file: 'shared/replica/bridge-record.ts',
    find: 'if (record === undefined || isUnshown(exceptions, key) || !wasLetIn(record, key)) return false;\n  return row.siblings.every((sibling) => coversDot(record.applied, sibling.dot))', replace: 'if (record === undefined || !wasLetIn(record, key)) return false;\n  return row.siblings.every((sibling) => coversDot(record.applied, sibling.dot))',
  },
  {
    name: 'a change of strategy shows nothing anew',
    file: 'shared/replica/shared-settings.ts',
    find: 'if (isOtherStrategy) await intendToReshow(replica, before.strategy);', replace: 'if (isOtherStrategy && stored === undefined) await intendToReshow(replica, before.strategy);',
  },
  {
    name: 'a change aside of the log is not entered into the own log',
    file: 'shared/replica/apply.ts',
    find: "const offLog = way.kind === 'off-log' && local !== undefined ?", replace: "const offLog = way.kind === 'off-log' && local !== undefined && local.head < 0 ?",
  },
  {
    name: 'the newest change is lost when a page is full',
    file: 'shared/replica/pages.ts',
    find: 'const part = cutAt === undefined ? segment : cutAfter(segment, cutAt.counter - 1);\n    if (part !== undefined) taken.push(part);',
    replace: 'const part = cutAt === undefined ? segment : { ...segment, entries: segment.entries.filter(({ counter }) => counter < cutAt.counter) };\n    if (part !== undefined) taken.push(part);',
  },
  {
    name: 'Manual is resolved by everybody at once',
    file: 'shared/replica/collect.ts',
    find: "const rewritten = settings.inForce?.strategy === 'LastWriterWins' ? await rewriteWonDeletes(replica, facts) : 0;",
    replace: `let rewritten = 0;
  if (settings.inForce?.strategy === 'Manual') {
    const { resolveConflict, listConflicts } = await import('./conflicts.ts');
    for (const { key } of await listConflicts(replica, true)) { await resolveConflict(replica, key, replica.identity.member, \`auto-\${key}-\${replica.clock.nowMs().toString()}\`).catch(() => undefined); rewritten += 1; }
  }`,
  },
];
