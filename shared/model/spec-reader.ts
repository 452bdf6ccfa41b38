import type { Json, JsonObject } from './content.ts';
import { isObject } from './content.ts';
import type { DurationLimits } from './duration.ts';
import { DurationError, parseDurationMs } from './duration.ts';
import { nearestName } from './nearest-name.ts';

/** A mistake in an object: the field's path, and a sentence that names it, what was wrong and what is accepted. */
export interface Problem { readonly field: string; readonly message: string }

/** What was found while reading an object. */
export class Findings {
  readonly problems: Problem[] = [];
  readonly warnings: string[] = [];

  /** Notes a mistake. `got` is printed where it is given. */
  wrong(field: string, what: string, accepted: string, got?: Json): void {
    const found = got === undefined ? '' : `, got ${clip(JSON.stringify(got))}`;
    this.problems.push({ field, message: `${field}: ${what}${found}; accepted ${accepted}` });
  }

  /** Whether this very field was found wrong. */
  isWrong(field: string): boolean { return this.problems.some((problem) => problem.field === field); }
}

/**
 * Reads one field. A mistake is noted in the findings and a stand-in is returned, so that reading goes on and every mistake of an
 * object is found at once; nobody may use the result of a reading that has problems.
 */
export interface Reader<T> {
  (value: Json | undefined, field: string, findings: Findings): T;
  /** Paths of the fields below this one that are read: `.sync.interval`, `.members[].name`. */
  readonly below?: readonly string[];
}

/** A reader that reads what is below as another one does. */
const withBelow = <T>(read: Reader<T>, below: readonly string[] | undefined): Reader<T> => (below === undefined ? read : Object.assign(read, { below }));

const fieldsOf = (shape: Readonly<Record<string, Reader<unknown>>>): readonly string[] =>
  Object.entries(shape).flatMap(([name, { below = [] }]) => [`.${name}`, ...below.map((path) => `.${name}${path}`)]);

/** The readers of an object's fields, by name. */
export type Shape<T> = { readonly [Field in keyof T]: Reader<T[Field]> };

/** An object with these fields and no others. Where it is missing it is read as `{}`; `null` counts as missing, as in Kubernetes. */
export const object = <T>(shape: Shape<T>): Reader<T> => withBelow((value, field, findings) => {
  if (isObject(value)) {
    const known = Object.keys(shape);
    for (const name of Object.keys(value)) if (!known.includes(name)) noteUnknown(field, name, known, findings);
  }
  return openObject(shape)(value, field, findings);
}, fieldsOf(shape));

/** An object of which these fields matter; others may be there. */
export const openObject = <T>(shape: Shape<T>): Reader<T> => withBelow((value, field, findings) => {
  const readAll = (given: JsonObject, into: Findings): T => {
    const entries = Object.entries<Reader<unknown>>(shape);
    return Object.fromEntries(entries.map(([name, read]) => [name, read(ownField(given, name), childField(field, name), into)])) as T;
  };
  if (value === undefined || isObject(value)) return readAll(value ?? {}, findings);
  findings.wrong(field, 'is not an object', 'is an object', value);
  return readAll({}, new Findings());
}, fieldsOf(shape));

/** A list; missing is empty. */
export const list = <T>(item: Reader<T>, limits: { readonly max: number }): Reader<readonly T[]> => withBelow((value, field, findings) => {
  if (value === undefined) return [];
  if (!Array.isArray(value)) { findings.wrong(field, 'is not a list', `is a list of at most ${limits.max.toString()} items`, value); return []; }
  const items = value as readonly Json[];
  if (items.length > limits.max) findings.wrong(field, `has ${items.length.toString()} items`, `are at most ${limits.max.toString()}`);
  return items.slice(0, limits.max).map((one, at) => item(one, `${field}[${at.toString()}]`, findings));
}, item.below?.map((path) => `[]${path}`));

/** An object of texts under names of the user's choice, such as labels; missing is empty. */
export const texts: Reader<Readonly<Record<string, string>>> = (value, field, findings) => {
  if (value === undefined) return {};
  if (!isObject(value)) { findings.wrong(field, 'is not an object', 'is an object of texts', value); return {}; }
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') findings.wrong(childField(field, name), 'is not a text', 'are texts; put numbers and true or false in quotes', text);
  }
  return value as Readonly<Record<string, string>>;
};

/** What a text must look like: a test, and how to say it. */
export interface TextForm { readonly matches: (text: string) => boolean; readonly accepted: string }

/** A text that must be there. */
export const text = ({ matches, accepted }: TextForm): Reader<string> => (value, field, findings) => {
  if (value === undefined) findings.wrong(field, 'is missing', accepted);
  else if (typeof value !== 'string') findings.wrong(field, 'is not a text', accepted, value);
  else if (!matches(value)) findings.wrong(field, 'is not accepted', accepted, value);
  else return value;
  return '';
};

/** One of a few words. Without a fallback it must be there. */
export const oneOf = <const T extends string>(words: readonly [T, ...T[]], fallback?: T): Reader<T> => (value, field, findings) => {
  const accepted = `${words.length === 1 ? 'is' : 'are'} ${words.map((word) => JSON.stringify(word)).join(', ')}`;
  const word = words.find((one) => one === value);
  if (value === undefined && fallback === undefined) findings.wrong(field, 'is missing', accepted);
  else if (value !== undefined && word === undefined) findings.wrong(field, 'is not accepted', accepted, value);
  return word ?? fallback ?? words[0];
};

export const flag = (fallback: boolean): Reader<boolean> => (value, field, findings) => {
  if (typeof value === 'boolean') return value;
  if (value !== undefined) findings.wrong(field, 'is neither true nor false', 'are true and false, without quotes', value);
  return fallback;
};

export const integer = (range: { readonly min: number; readonly max: number }, fallback: number): Reader<number> => (value, field, findings) => {
  if (typeof value === 'number' && Number.isInteger(value) && value >= range.min && value <= range.max) return value;
  if (value !== undefined) findings.wrong(field, 'is not accepted', `are whole numbers from ${range.min.toString()} to ${range.max.toString()}`, value);
  return fallback;
};

/** A duration as a text, in milliseconds. `why` gives the reason of the limits. */
export const duration = (fallbackMs: number, limits: DurationLimits & { readonly why?: string } = {}): Reader<number> => (value, field, findings) => {
  if (value === undefined) return fallbackMs;
  if (typeof value !== 'string') { findings.wrong(field, 'is not a text', 'are durations in quotes, such as "5s", "1m30s", "24h"', value); return fallbackMs; }
  try {
    return parseDurationMs(field, value, limits);
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    const why = limits.why === undefined || error.message.includes('is not a duration') ? '' : ` (${limits.why})`;
    findings.problems.push({ field, message: error.message + why });
    return fallbackMs;
  }
};

/** A field that may be missing. */
export const optional = <T>(read: Reader<T>): Reader<T | undefined> =>
  withBelow((value, field, findings) => (value === undefined ? undefined : read(value, field, findings)), read.below);

/** A field that must be there. */
export const required = <T>(read: Reader<T>): Reader<T> => withBelow((value, field, findings) => {
  if (value !== undefined) return read(value, field, findings);
  findings.wrong(field, 'is missing', 'is an object');
  return read(value, field, new Findings());
}, read.below);

/** A field that means nothing here. */
export const ignored: Reader<undefined> = () => undefined;

/**
 * One meaning that several fields may spell; undefined where none does.
 * Fields that say different things are a mistake that names both; one that could not be read says nothing.
 */
export function oneMeaning<T extends string | number | boolean>(spellings: Readonly<Record<string, T | undefined>>, findings: Findings): T | undefined {
  const given = Object.entries(spellings).filter((entry): entry is [string, T] => entry[1] !== undefined && !findings.isWrong(entry[0]));
  const [first, ...others] = given;
  const other = others.find(([, value]) => value !== first?.[1]);
  if (first !== undefined && other !== undefined) {
    findings.wrong(other[0], `means the same as ${first[0]} but says something else`, `is one of the two, or both alike`);
  }
  return first?.[1];
}

/** The path of an object's field: `spec.sync`, or `labels["a.b/c"]` where the name is no plain word. */
export const childField = (field: string, name: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_-]*$/.test(name)) return `${field}[${clip(JSON.stringify(name))}]`;
  return field === '' ? name : `${field}.${name}`;
};

function noteUnknown(field: string, name: string, known: readonly string[], findings: Findings): void {
  const near = nearestName(name, known);
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  findings.wrong(childField(field, name), `is not a field${hint}`, `are ${known.join(', ')}`);
}

const ownField = (given: JsonObject, name: string): Json | undefined => (Object.hasOwn(given, name) ? given[name] ?? undefined : undefined);

const MAX_PRINTED = 80;
const clip = (printed: string): string => (printed.length <= MAX_PRINTED ? printed : `${printed.slice(0, MAX_PRINTED)}…`);
