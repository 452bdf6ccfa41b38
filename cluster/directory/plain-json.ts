import type { Json } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { VALUE_DEPTH } from './limits.ts';

/** A value that JSON cannot say, or that we do not take. */
export class NotJsonError extends Error { override readonly name = 'NotJsonError' }

/**
 * Checks that a parsed value is what JSON can say.
 *
 * @throws NotJsonError naming the path
 */
export function requireJson(value: unknown, path = '', depth = 0): Json {
  if (depth > VALUE_DEPTH) throw new NotJsonError(`${path}: nested deeper than ${VALUE_DEPTH.toString()} levels, or refers to itself`);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new NotJsonError(`${path}: the text has half of a character`);
    return value;
  }
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new NotJsonError(`${path}: JSON has no such number`);
    return value;
  }
  if (Array.isArray(value)) return value.map((item, at) => requireJson(item, `${path}[${at.toString()}]`, depth + 1));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([field, child]) => {
      if (field === '__proto__') throw new NotJsonError(`${path}: a field cannot be called __proto__`);
      return [field, requireJson(child, path === '' ? field : `${path}.${field}`, depth + 1)];
    }));
  }
  throw new NotJsonError(`${path}: only what JSON can say is accepted, not ${typeof value === 'object' ? value.constructor.name : typeof value}`);
}

/** Equality of JSON values, whatever the order of fields. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item: Json, at) => equalJson(item, b[at] as Json | undefined));
  if (!isObject(a) || !isObject(b)) return false;
  const fields = Object.keys(a);
  return fields.length === Object.keys(b).length && fields.every((field) => Object.hasOwn(b, field) && equalJson(a[field], b[field]));
}
