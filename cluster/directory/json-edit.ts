import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { isList } from './manifest-text.ts';
import type { Place } from './manifest-text.ts';

/** Puts a manifest into the text of a JSON file, keeping indentation and the order of fields. Undefined removes an item of a list. */
export function editJson(text: string, { item }: Place, desired: JsonObject | undefined): string {
  const now = JSON.parse(text.replace(/^\uFEFF/, '')) as Json;
  if (item === undefined) return desired === undefined ? '' : print(text, inOrderOf(now, desired));
  if (!isList(now)) throw new TypeError('the file has no list of items');
  const items = desired === undefined ? now.items.toSpliced(item, 1) : now.items.with(item, inOrderOf(now.items[item], desired));
  return print(text, { ...now, items });
}

export const newJson = (desired: JsonObject): string => `${JSON.stringify(desired, null, 2)}\n`;

function print(before: string, value: Json): string {
  const mark = before.startsWith('\uFEFF') ? '\uFEFF' : '';
  const isOneLine = !before.trim().includes('\n');
  const indent = /^\s*[[{]\r?\n([ \t]+)/.exec(before.slice(mark.length))?.[1] ?? '  ';
  const text = JSON.stringify(value, null, isOneLine ? undefined : indent);
  const ended = /\n$/.test(before) ? `${text}\n` : text;
  return mark + (before.includes('\r\n') ? ended.replaceAll('\n', '\r\n') : ended);
}

/** Fields that stay keep their places; new ones follow. */
function inOrderOf(now: Json | undefined, desired: Json): Json {
  if (Array.isArray(now) && Array.isArray(desired)) return desired.map((item: Json, at) => inOrderOf(now[at] as Json | undefined, item));
  if (!isObject(now) || !isObject(desired)) return desired;
  const fields = [...Object.keys(now).filter((field) => Object.hasOwn(desired, field)), ...Object.keys(desired).filter((field) => !Object.hasOwn(now, field))];
  return Object.fromEntries(fields.map((field) => [field, inOrderOf(now[field], desired[field] ?? null)]));
}
