import { contentOf } from '../../model/content.ts';
import { asClusterId, asIncarnation, asMember } from '../../model/ids.ts';
import type { HeldRow, Sibling } from '../../model/row.ts';
import { zeroStamp } from '../../model/stamp.ts';
import { ALPHA, BETA, GAMMA, MEMBER, OWN_LOG, T0_MS } from './fixtures.ts';

const [first, second] = [contentOf('{"spec":{"weight":10}}'), contentOf('{"spec":{"weight":20},"ž":"✓"}')];
const writeOf = (incarnation: string, counter: number, ms = T0_MS) =>
  ({ dot: { incarnation: asIncarnation(incarnation), counter }, stamp: { ms, counter: 3, member: asMember('eu-west') } });

/** A row that has everything a row can have. */
export function fullRow(revision: number): HeldRow {
  const live: Sibling = {
    ...writeOf(ALPHA, 17),
    writerContext: new Map([[BETA, 3], [GAMMA, Number.MAX_SAFE_INTEGER]]),
    covers: [{ incarnation: ALPHA, counter: 15 }, { incarnation: ALPHA, counter: 16 }],
    origin: asClusterId('0f8fad5b-d9cb-469f-a165-70867728950e'),
    body: {
      kind: 'live', hash: first.hash, content: first.text, bytes: first.bytes,
      fields: {
        base: writeOf(BETA, 2),
        set: new Map([['spec/weight', writeOf(ALPHA, 17)], ['spec/listeners/["a~1b"]', writeOf(GAMMA, 1, 0)]]),
        removed: new Map([['spec/žluť', writeOf(BETA, 3)]]),
      },
    },
  };
  const elsewhere: Sibling = {
    ...live, dot: { incarnation: BETA, counter: 4 }, stamp: zeroStamp, writerContext: new Map(), covers: [], origin: 'operator',
    body: { kind: 'live', hash: second.hash, content: undefined, bytes: 70_000, fields: { base: writeOf(BETA, 4), set: new Map(), removed: new Map() } },
  };
  const deleted: Sibling = { ...elsewhere, dot: { incarnation: GAMMA, counter: 9 }, stamp: { ms: T0_MS, counter: 7, member: MEMBER }, body: { kind: 'deleted' } };
  return {
    context: new Map([[ALPHA, 17], [BETA, 4], [GAMMA, 9]]),
    siblings: [live, elsewhere, deleted],
    local: {
      revision,
      changedAtMs: T0_MS + 1,
      offLog: { log: OWN_LOG, counter: 12 },
      conflictSinceMs: T0_MS + 2,
      observed: { clusterId: asClusterId('0f8fad5b-d9cb-469f-a165-70867728950e'), uid: 'uid-1', resourceVersion: '18446744073709551615' },
      shown: { clusterId: asClusterId('another-cluster'), context: new Map([[ALPHA, 3]]), tokensCover: new Map([[ALPHA, 3], [BETA, 1]]), hash: second.hash, content: second.text, fields: { base: writeOf(BETA, 4), set: new Map([['spec/a', writeOf(ALPHA, 3)]]), removed: new Map([['spec/b', writeOf(GAMMA, 9)]]) } },
      fromOthers: true,
    },
  };
}
