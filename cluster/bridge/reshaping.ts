import type { Content, Json } from '../../shared/model/content.ts';
import { canonicalContent, contentOf, isObject, parseContent } from '../../shared/model/content.ts';
import { withoutLocalMarks } from '../../shared/model/federated-part.ts';
import { sameJson } from '../../shared/model/fields.ts';
import type { Cluster, ClusterObject } from './cluster-port.ts';
import type { ShownContent } from './shown-contents.ts';

/**
 * What an object says, without what its cluster did to it on its own (DESIGN §11): defaulting, pruning, conversion and mutating
 * admission are no edit. The cluster is asked, by dry run, what the version at the object's token would look like here; only what
 * differs from that is somebody's edit, and it is put onto that version. So a default is not sent, and a field that this cluster's
 * schema cannot hold is carried over.
 *
 * @param shownAt what a token of the object stands for
 * @param marks labels and annotations that stay local, as they are in force
 */
export async function asWritten(cluster: Cluster, shownAt: (token: string) => Promise<ShownContent | undefined>, object: ClusterObject, marks: readonly string[], signal: AbortSignal): Promise<Content> {
  if (!cluster.reshapes || object.token === undefined) return object.content;
  const at = await shownAt(object.token);
  if (at === undefined || at.hash === object.content.hash) return object.content;
  const { content } = at;
  const here = await cluster.wouldHold(object.key, content, signal);
  if (here === undefined) return object.content;
  // Marks that stay local since then are no fields that this cluster cannot hold: they are not carried over.
  const shown = canonicalContent(withoutLocalMarks(parseContent(content), marks)).text;
  if (here.hash === object.content.hash) return contentOf(shown);
  return carryEdit(shown, here.text, object.content.text);
}

/** Canonical texts: `shown` elsewhere looks like `here` in this cluster, and somebody made `now` of that. What is `shown` then? */
export function carryEdit(shown: string, here: string, now: string): Content {
  return canonicalContent(carry(parseContent(shown), parseContent(here), parseContent(now)) ?? {});
}

/** Undefined stands for a field that is not there. */
function carry(shown: Json | undefined, here: Json | undefined, now: Json | undefined): Json | undefined {
  if (sameJson(here, now)) return shown;
  if (isObject(shown) && isObject(here) && isObject(now)) return carryFields(shown, here, now);
  if (isList(shown) && isList(here) && isList(now) && shown.length === here.length) return carryItems(shown, here, now);
  return now;
}

function carryFields(shown: Readonly<Record<string, Json>>, here: Readonly<Record<string, Json>>, now: Readonly<Record<string, Json>>): Json {
  const fields = new Set([...Object.keys(shown), ...Object.keys(now)]);
  const carried = [...fields].map((field) => [field, carry(shown[field], here[field], now[field])] as const);
  return Object.fromEntries(carried.filter((entry): entry is readonly [string, Json] => entry[1] !== undefined));
}

/** Items keep together what belongs together: equal ones first, then those in the same place of a list of the same length. */
function carryItems(shown: readonly Json[], here: readonly Json[], now: readonly Json[]): Json {
  const left = new Set(here.keys());
  const places = now.map((item) => {
    const equal = [...left].find((at) => sameJson(here[at], item));
    if (equal !== undefined) left.delete(equal);
    return equal;
  });
  return now.map((item, at) => {
    const place = places[at] ?? (now.length === here.length && left.delete(at) ? at : undefined);
    return place === undefined ? item : (carry(shown[place], here[place], item) ?? item);
  });
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
