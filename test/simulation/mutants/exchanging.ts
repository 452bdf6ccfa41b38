import type { Mutant } from './mutant.ts';

/** Bugs in how members take from and tell each other. */
export const EXCHANGING: readonly Mutant[] = [
  {
    name: 'a delete that others have collected goes at once',
    file: 'shared/replica/apply.ts',
    find: 'if (before === undefined || joined.siblings.length > 0) return joined;', replace: 'if (before === undefined || joined.siblings.length >= 0) return joined;',
  },
  {
    name: 'an absent answer is ignored',
    file: 'shared/replica/apply.ts',
    find: 'const arriving = rowOf(answer);', replace: "if (answer.kind === 'absent') return 'unchanged'; const arriving = rowOf(answer);",
  },
  {
    name: 'a row that is absent here takes whatever arrives',
    file: 'shared/replica/apply.ts',
    find: 'const here = row ?? absentRow(seenOf(await readState()));', replace: 'const here = row ?? absentRow(new Map());',
  },
  {
    name: 'seen is read before the row when receiving',
    file: 'shared/replica/apply.ts',
    find: "const read = attempt === 0 && way.kind === 'log' ? way : undefined;",
    replace: 'const before = await replica.store.state(); const read = { rows: await replica.store.rows([key]), state: () => Promise.resolve(before) };',
  },
  {
    name: 'an absent answer from two readings',
    file: 'shared/replica/pages.ts',
    find: 'const picture = await replica.store.picture(unique.slice(at, at + MAX_COMMIT_ROWS));', replace: 'const found = await replica.store.rows(unique.slice(at, at + MAX_COMMIT_ROWS));\n    const picture = { ...(await replica.store.state()), rows: found };',
  },
  {
    name: 'a page brings more than its log tells, and nobody is told',
    file: 'shared/replica/apply.ts',
    find: "if (way.kind === 'log' && !isAnnounced(", replace: "if (way.kind === 'log' && replica.limits.pullRounds < 0 && !isAnnounced(",
  },
  {
    name: 'equal versions are taken for a conflict',
    file: 'shared/model/join.ts',
    find: '!holds(here, sibling) && !coversDot(here.context, sibling.dot)', replace: '(!holds(here, sibling) && !coversDot(here.context, sibling.dot)) || (here.siblings.length === 1 && holds(here, sibling))',
  },
  {
    name: 'what one side lacks is kept, seen or not',
    file: 'shared/model/join.ts',
    find: 'holds(arriving, sibling) || !coversDot(arriving.context, sibling.dot)', replace: 'holds(arriving, sibling) || true',
  },
  {
    name: 'seen moves before the rows',
    file: 'shared/replica/apply.ts',
    find: '  const joined = await joinAnswers(replica, page);',
    replace: `  if (segments.length > 0) {
    const to = reachedBy(segments, new Map()) as VersionVector<Incarnation>;
    const from = new Map([...to.keys()].map((log) => [log, counterOf(state.seen.others, log)] as const));
    if ((await replica.store.advance({ segments, from, to, maxStamp: greatestBelievable(page.answers, replica.clock.nowMs()) })) === 'moved') return { kind: 'moved' };
    segments.splice(0);
  }
  const joined = await joinAnswers(replica, page);`,
  },
  {
    name: 'seen moves without its condition',
    file: 'shared/replica/apply.ts',
    find: 'const outcome = await moving(replica, () => replica.store.advance({ segments, from, to,', replace: 'const now = (await replica.store.state()).seen.others; const outcome = await moving(replica, () => replica.store.advance({ segments, from: new Map([...from.keys()].map((log) => [log, counterOf(now, log)] as const)), to,',
  },
  {
    name: 'a page with missing answers is taken',
    file: 'shared/replica/apply.ts',
    find: '!joinsUp(segments, seen) || !isComplete(segments, page.answers)', replace: '!joinsUp(segments, seen)',
  },
  {
    name: 'a page that begins beyond what is here is taken',
    file: 'shared/replica/apply.ts',
    find: '!joinsUp(segments, seen) || !isComplete(segments, page.answers)', replace: '!isComplete(segments, page.answers)',
  },
  {
    name: 'two handlers race without the condition of the row',
    file: 'shared/replica/apply.ts',
    find: "const put = { key, next, if: row?.local.revision ?? 'absent' } as const;", replace: "const now = (await replica.store.rows([key])).get(key); const put = { key, next, if: now?.local.revision ?? 'absent' } as const;",
  },
  {
    name: 'a dot of mine that I never issued is taken',
    file: 'shared/replica/trust.ts',
    find: 'if (own !== undefined && counter > own && !facts.recovering) return', replace: 'if (own !== undefined && counter > own && counter < 0) return',
  },
  {
    name: 'the content is left out of the Merkle entry',
    file: 'shared/model/merkle.ts',
    find: '`${dotKey(sibling.dot)}=${bodyHash(sibling.body)}`', replace: "'one'",
  },
  {
    name: 'deletes stand in the Merkle index',
    file: 'shared/model/merkle.ts',
    find: 'if (!hasLiveSibling(row)) return undefined;', replace: 'if (row.siblings.length === 0) return undefined;',
  },
  {
    name: 'a delete goes into the ledger beside siblings',
    file: 'shared/replica/ledger-deletes.ts',
    find: "const only = ownOnlyDelete(row, clock.incarnation);\n      if (only === undefined) continue;\n      await replica.ledger.putDelete({ member: replica.identity.member, key, dot: only.dot, row: travellingPart(row) });",
    replace: "const only = ownOnlyDelete(row, clock.incarnation) ?? row.siblings.find(({ dot, body }) => body.kind === 'deleted' && dot.incarnation === clock.incarnation);\n      if (only === undefined) continue;\n      await replica.ledger.putDelete({ member: replica.identity.member, key, dot: only.dot, row: { context: travellingPart(row).context, siblings: [only] } });",
  },
  {
    name: 'resynchronization without the delete-only rows',
    file: 'shared/replica/compare.ts',
    find: 'if (isDeleteOnly(row) || !covers(seen, row.context)) {', replace: 'if (!isDeleteOnly(row) && !covers(seen, row.context)) {',
  },
  {
    name: 'resynchronization without the rows of half a page',
    file: 'shared/replica/compare.ts',
    find: 'if (isDeleteOnly(row) || !covers(seen, row.context)) {', replace: 'if (isDeleteOnly(row)) {',
  },
];
