import { fitsInline } from './contents.ts';
import { hasLiveSibling, isConflict } from '../model/row.ts';
import type { HeldRow, LocalPart, Row, Shown } from '../model/row.ts';
import type { Random } from '../ports/clock.ts';

/** What happened to a row, for the part of it that stays here. */
export interface LocalChange {
  readonly nowMs: number;
  /** What the cluster had been shown before this change (DESIGN §11, "Applied record"). */
  readonly shown: Shown | undefined;
  readonly offLog?: LocalPart['offLog'];
  readonly observed?: LocalPart['observed'];
  /** Left out: as it was. */
  readonly fromOthers?: boolean | undefined;
}

/** 48 bits: two lives of a row have the same revision once in 10¹⁴. */
const FIRST_REVISION_BYTES = 6;

/**
 * The row as it will be held after a change. Its revision rises with every change, and begins anywhere: a row that went and came back
 * must not be taken for the one that somebody read before.
 */
export function held({ random }: { readonly random: Random }, next: Row, before: HeldRow | undefined, change: LocalChange): HeldRow {
  const local = before?.local;
  return {
    context: next.context,
    siblings: next.siblings,
    local: {
      revision: local === undefined ? Buffer.from(random.bytes(FIRST_REVISION_BYTES)).readUIntBE(0, FIRST_REVISION_BYTES) : local.revision + 1,
      changedAtMs: change.nowMs,
      offLog: change.offLog ?? local?.offLog,
      conflictSinceMs: isConflict(next) ? (local?.conflictSinceMs ?? change.nowMs) : undefined,
      observed: change.observed ?? local?.observed,
      shown: withoutNeedlessContent(change.shown, next),
      fromOthers: hasLiveSibling(next) && (change.fromOthers ?? local?.fromOthers ?? false),
    },
  };
}

/**
 * Content that a version of the row holds anyway is not kept twice; and what is too long to stand in a row is an item of its own
 * (`shownOf`), or a change over it could fail for size.
 */
function withoutNeedlessContent(shown: Shown | undefined, row: Row): Shown | undefined {
  if (shown === undefined) return undefined;
  const isHeld = row.siblings.some(({ body }) => body.kind === 'live' && body.hash === shown.hash);
  if (isHeld) return { ...shown, content: undefined, fields: undefined };
  return shown.content === undefined || fitsInline(shown.content) ? shown : { ...shown, content: undefined };
}
