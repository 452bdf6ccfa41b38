import type { Json } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { equalJson } from './plain-json.ts';

/** What becomes of a list, in its new order: an item that stays (`from` and `to`), goes (`from`) or comes (`to`). */
export interface Step { readonly from: number | undefined; readonly to: number | undefined; readonly value: Json | undefined }

/** Fields that tell which item of a list is which, to people at least. */
const NAMES = ['name', 'id', 'host', 'address', 'path', 'key', 'kind', 'type'];

/** Matches the items of two lists without moving any: equal ends first, then items of the same name, in order. */
export function alignItems(before: readonly Json[], after: readonly Json[]): readonly Step[] {
  let head = 0;
  while (head < before.length && head < after.length && equalJson(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < before.length - head && tail < after.length - head && equalJson(before.at(-1 - tail), after.at(-1 - tail))) tail += 1;
  const steps: Step[] = [];
  for (let at = 0; at < head; at += 1) steps.push({ from: at, to: at, value: after[at] });
  steps.push(...alignMiddle(before, after, head, before.length - tail, after.length - tail));
  for (let back = tail; back > 0; back -= 1) steps.push({ from: before.length - back, to: after.length - back, value: after.at(-back) });
  return steps;
}

function alignMiddle(before: readonly Json[], after: readonly Json[], start: number, beforeEnd: number, afterEnd: number): readonly Step[] {
  const steps: Step[] = [];
  const isSameLength = beforeEnd === afterEnd;
  let next = start;
  for (let to = start; to < afterEnd; to += 1) {
    const match = isSameLength ? to : findFrom(before, next, beforeEnd, after[to]);
    if (match === undefined) { steps.push({ from: undefined, to, value: after[to] }); continue; }
    for (; next < match; next += 1) steps.push({ from: next, to: undefined, value: undefined });
    steps.push({ from: match, to, value: after[to] });
    next = match + 1;
  }
  for (; next < beforeEnd; next += 1) steps.push({ from: next, to: undefined, value: undefined });
  return steps;
}

function findFrom(items: readonly Json[], start: number, end: number, wanted: Json | undefined): number | undefined {
  for (let at = start; at < end; at += 1) if (isSameItem(items[at], wanted)) return at;
  return undefined;
}

function isSameItem(a: Json | undefined, b: Json | undefined): boolean {
  if (!isObject(a) || !isObject(b)) return equalJson(a, b);
  const name = NAMES.find((field) => a[field] !== undefined && b[field] !== undefined);
  return name === undefined ? equalJson(a, b) : equalJson(a[name], b[name]);
}
