import { parseDocument } from 'yaml';
import type { Json } from '../../shared/model/content.ts';
import { CommandError } from '../errors.ts';
import type { Assignment, Step } from '../yaml-edit/edit-document.ts';
import { MANIFEST_YAML } from '../yaml-edit/manifest-yaml.ts';

const FORM = 'accepted are PATH=VALUE, such as spec.sync.interval=2s or spec.members[eu-west].priority=10, and PATH- to remove a field';
const PATH = /^[A-Za-z][\w-]*(?:\.[A-Za-z][\w-]*|\[[^[\]]+\])*$/;
const STEP = /(?:^|\.)(?<field>[A-Za-z][\w-]*)|\[(?<item>[^[\]]+)\]/g;
const TOP_FIELDS = ['spec', 'metadata', 'apiVersion', 'kind', 'status'];

/**
 * Reads `PATH=VALUE` or `PATH-`. A path without `spec.` is below it; a value is read as YAML, so `2s` is a text, `5` a number, `true`
 * a boolean and `[ProxyRoute, Secret]` a list.
 *
 * @throws CommandError saying what is accepted
 */
export function parseAssignment(word: string): Assignment {
  const equals = word.indexOf('=');
  if (equals === -1 && word.endsWith('-')) return { path: parsePath(word.slice(0, -1)), value: undefined };
  if (equals === -1) throw new CommandError('invalid', `${JSON.stringify(word)} is no assignment; ${FORM}`);
  return { path: parsePath(word.slice(0, equals)), value: parseValue(word, word.slice(equals + 1)) };
}

function parsePath(text: string): readonly Step[] {
  if (!PATH.test(text)) throw new CommandError('invalid', `${JSON.stringify(text)} is no field's path; ${FORM}`);
  const steps = [...text.matchAll(STEP)].map(({ groups: { field, item } = {} }): Step => {
    if (field !== undefined) return field;
    return /^\d+$/.test(item ?? '') ? Number(item) : { name: item ?? '' };
  });
  const [first] = steps;
  return typeof first === 'string' && TOP_FIELDS.includes(first) ? steps : ['spec', ...steps];
}

function parseValue(word: string, text: string): Json {
  if (text.trim() === '') throw new CommandError('invalid', `${JSON.stringify(word)} has no value; ${FORM}`);
  const document = parseDocument(text, MANIFEST_YAML);
  const [wrong] = document.errors;
  if (wrong !== undefined) throw new CommandError('invalid', `${JSON.stringify(word)}: the value is not valid YAML: ${wrong.message}`);
  return document.toJS() as Json;
}
