import type { JsonObject } from '../../shared/model/content.ts';
import { editJson, newJson } from './json-edit.ts';
import { parseText } from './manifest-text.ts';
import type { Format, Place } from './manifest-text.ts';
import { equalJson } from './plain-json.ts';
import { freshYaml, newYaml, rewriteYaml, spliceYaml } from './yaml-edit.ts';

/** The text of a file of its own for one manifest. */
export const newText = (format: Format, manifest: JsonObject): string => (format === 'json' ? newJson(manifest) : newYaml(manifest));

/**
 * The text with one manifest changed, and every other one as it was. The gentlest way that does exactly this is taken: each result
 * is read back before it is believed. Undefined where none does.
 */
export function withManifest(format: Format, text: string, place: Place, desired: JsonObject): string | undefined {
  const ways = format === 'json' ? [editJson] : [spliceYaml, rewriteYaml, freshYaml];
  for (const way of ways) {
    const result = attempt(() => way(text, place, desired));
    if (result !== undefined && saysOnly(format, text, result, place, desired)) return result;
  }
  return undefined;
}

/** The library throws where a change takes away what an alias refers to; the next way does not keep aliases. */
function attempt(way: () => string | undefined): string | undefined {
  try {
    return way();
  } catch {
    return undefined;
  }
}

/** What is left of a file without one of its manifests. */
export type Rest = { readonly kind: 'nothing' } | { readonly kind: 'text'; readonly text: string } | { readonly kind: 'impossible' };

export function withoutManifest(format: Format, text: string, place: Place): Rest {
  if (isLastManifest(format, text, place)) return { kind: 'nothing' };
  const result = format === 'json' ? editJson(text, place, undefined) : spliceYaml(text, place, undefined);
  return result !== undefined && saysOnly(format, text, result, place, undefined) ? { kind: 'text', text: result } : { kind: 'impossible' };
}

function isLastManifest(format: Format, text: string, place: Place): boolean {
  const parsed = parseText(format, text);
  if (parsed.kind !== 'parsed') return false;
  const [only, ...others] = parsed.manifests;
  return only !== undefined && others.length === 0 && parsed.problems.length === 0 && isSamePlace(only.place, place);
}

const isSamePlace = (a: Place, b: Place): boolean => a.document === b.document && a.item === b.item;

/** Whether `after` says what `before` says but for one manifest. */
function saysOnly(format: Format, before: string, after: string, place: Place, desired: JsonObject | undefined): boolean {
  const [was, is] = [parseText(format, before), parseText(format, after)];
  if (was.kind !== 'parsed' || is.kind !== 'parsed' || is.problems.length !== was.problems.length) return false;
  const expected = was.manifests.flatMap((manifest) => {
    if (!isSamePlace(manifest.place, place)) return [manifest.value];
    return desired === undefined ? [] : [desired];
  });
  return expected.length === is.manifests.length && expected.every((value, at) => equalJson(value, is.manifests[at]?.value));
}
