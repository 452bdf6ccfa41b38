import { MAX_DOCUMENT_CHARACTERS, MAX_ITEMS, MAX_TEXT_CHARACTERS, MAX_TIME_MS } from './limits.ts';
import { shown, WireError } from './wire-error.ts';

/** Least and greatest accepted value, both inclusive. */
export interface Range { readonly min?: number; readonly max?: number }

/** A whole number that JavaScript holds exactly. @throws WireError */
export function requireNumber(field: string, value: bigint | number, { min = 0, max = Number.MAX_SAFE_INTEGER }: Range = {}): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < min || number > max || BigInt(number) !== BigInt(value)) {
    throw new WireError(field, `${value.toString()} is out of range`, `a whole number from ${min.toString()} to ${max.toString()}`);
  }
  return number;
}

/** A counter of a log: from 1 to 2^53-1. @throws WireError */
export const requireCounter = (field: string, value: bigint): number => requireNumber(field, value, { min: 1 });

/** Milliseconds since 1970. @throws WireError */
export const requireTimeMs = (field: string, value: bigint): number => requireNumber(field, value, { max: MAX_TIME_MS });

/** A value that must be set. @throws WireError */
export function requireSet<T>(field: string, value: T | undefined, accepted: string): T {
  if (value === undefined) throw new WireError(field, 'is missing', accepted);
  return value;
}

/** A list within its bound. @throws WireError */
export function requireList<T>(field: string, list: readonly T[], max: number = MAX_ITEMS): readonly T[] {
  if (list.length > max) throw new WireError(field, `has ${list.length.toString()} items`, `at most ${max.toString()}`);
  return list;
}

/** Line breaks and tabs are text; other control characters do things to terminals and logs. */
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
const ALL_CONTROLS = new RegExp(CONTROL, 'g');

/** Text for people, without control characters. @throws WireError */
export function requireText(field: string, text: string, maxCharacters: number = MAX_TEXT_CHARACTERS): string {
  if (text.length > maxCharacters) throw new WireError(field, `has ${text.length.toString()} characters`, `text of at most ${maxCharacters.toString()}`);
  if (CONTROL.test(text)) throw new WireError(field, 'has control characters', 'text without them');
  return text;
}

/** Text for people on its way out: what `requireText` takes, whatever it was made from. */
export const cleanText = (text: string, maxCharacters: number = MAX_TEXT_CHARACTERS): string =>
  text.slice(0, maxCharacters).replaceAll(ALL_CONTROLS, ' ').toWellFormed();

/** JSON or YAML text, bounded but otherwise left to whoever parses it. @throws WireError */
export function requireDocument(field: string, text: string): string {
  if (text.length > MAX_DOCUMENT_CHARACTERS) throw new WireError(field, `has ${text.length.toString()} characters`, `a text of at most ${MAX_DOCUMENT_CHARACTERS.toString()}`);
  return text;
}

/** A text that is left as it is when not set. @throws WireError */
export const optionalText = (field: string, text: string | undefined, maxCharacters?: number): string | undefined =>
  text === undefined ? undefined : requireText(field, text, maxCharacters);

/** A text of one form. @throws WireError */
export function requireMatch(field: string, text: string, form: RegExp, accepted: string): string {
  if (!form.test(text)) throw new WireError(field, `${shown(text)} is not accepted`, accepted);
  return text;
}

/** Times, counts and the like on their way out. */
export const big = (number: number): bigint => BigInt(number);
export const optionalBig = (number: number | undefined): bigint | undefined => (number === undefined ? undefined : BigInt(number));
