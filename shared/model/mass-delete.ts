import { hashText } from './content.ts';
import type { ResourceKey } from './ids.ts';

/** `spec.sync.massDelete`: more deletes than this within the window wait for a person (docs/decisions/0016). */
export interface MassDeleteSettings {
  /** As many are let through, however few objects there are. */
  readonly threshold: number;
  /** Of the member's objects, where that is more; 100 lets everything through. */
  readonly percent: number;
  readonly windowMs: number;
}

/** Where deletes are counted: from the cluster to its region, and from the region to its cluster. */
export type Direction = 'up' | 'down';
export const DIRECTIONS = ['up', 'down'] as const satisfies readonly Direction[];

/** A delete of the last window. A retry is the same delete, and is treated as it was. */
export interface CountedDelete { readonly id: string; readonly atMs: number; readonly isHeld: boolean }

/**
 * Deletes that are remembered, and with it the most that are ever let through within a window: they stand in one document, 30 bytes
 * each, and an item of a store has 400 KB.
 */
export const MAX_COUNTED = 5000;

/** Hexadecimal digits that tell deletes of one window apart; two that were taken for one would count as one. */
const ID_DIGITS = 12;

/** How a delete of a resource is counted. */
export const countedId = (key: ResourceKey): string => hashText(key).slice(0, ID_DIGITS);

/** Whether deletes are counted at all: nobody deletes more than everything. */
export const isGuarded = ({ percent }: MassDeleteSettings): boolean => percent < 100;

/** The most deletes within a window that are let through, of a member with so many objects. */
export const deletesAllowed = ({ threshold, percent }: MassDeleteSettings, objects: number): number =>
  Math.min(MAX_COUNTED, Math.max(threshold, Math.floor((objects * percent) / 100)));

/** The deletes that still count. A clock that went back lets none count for longer than a window. */
export const withinWindow = (counted: readonly CountedDelete[], nowMs: number, windowMs: number): readonly CountedDelete[] =>
  counted.filter(({ atMs }) => Math.abs(nowMs - atMs) < windowMs);

/** Counts further deletes; the oldest are forgotten where there are too many, which only happens beyond what is let through. */
export const countOn = (counted: readonly CountedDelete[], ids: readonly string[], atMs: number, isHeld: boolean): readonly CountedDelete[] =>
  [...counted, ...ids.map((id) => ({ id, atMs, isHeld }))].slice(-MAX_COUNTED);
