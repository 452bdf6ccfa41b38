import { isDeepStrictEqual } from 'node:util';

/**
 * Where a deployed template differs from the synthesized one: the path, what was synthesized, what is deployed. Lists of another length
 * are told whole.
 */
export function differences(synthesized: unknown, deployed: unknown, path: readonly string[] = []): readonly string[] {
  if (isDeepStrictEqual(synthesized, deployed)) return [];
  if (isObject(synthesized) && isObject(deployed) && Object.keys(synthesized).length > 0 && lengthOf(synthesized) === lengthOf(deployed)) {
    return [...new Set([...Object.keys(synthesized), ...Object.keys(deployed)])].flatMap((key) => differences(synthesized[key], deployed[key], [...path, key]));
  }
  return [`${path.join('/')}: ${short(synthesized)}, deployed ${short(deployed)}`];
}

const SHOWN_CHARACTERS = 120;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;
/** Of a list; undefined of anything else. */
const lengthOf = (value: object): number | undefined => (Array.isArray(value) ? value.length : undefined);

function short(value: unknown): string {
  if (Array.isArray(value)) return `${value.length.toString()} entries${value.every(hasRegion) ? ` (${value.map(({ Region }) => Region).join(', ')})` : ''}`;
  const text = JSON.stringify(value) as string | undefined ?? 'nothing';
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

const hasRegion = (value: unknown): value is { readonly Region: string } => isObject(value) && typeof value['Region'] === 'string';
