import { NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { nearestName } from '../../shared/model/nearest-name.ts';
import { resourceKey, splitKey } from '../../shared/model/resource-key.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import { CommandError } from '../errors.ts';
import { printName } from '../output/resource-name.ts';
import { KNOWN_KINDS } from './kinds.ts';
import { listAll, listKind } from './list-all.ts';
import type { AskedResource } from './resource-argument.ts';
import { printAsked } from './resource-argument.ts';

/** Pages looked through for a suggestion: it is not worth more. */
const SUGGESTION_PAGES = 4;

/**
 * The key that somebody means. Kinds that are known, or written with their group, need no asking; for others the region is asked
 * which groups have such a resource.
 *
 * @throws CommandError where several groups do, or the kind is nobody's
 * @throws ResourceNameError for what cannot be a name
 */
export async function findKey(operator: Operator, asked: AskedResource): Promise<ResourceKey> {
  const { kind: { kind, group, isKnown }, namespace, name } = asked;
  if (isKnown || (group !== undefined && isWritten(kind))) return resourceKey({ group: group ?? NOVAEDGE_GROUP, kind, namespace, name });
  const { resources } = await listKind(operator, asked.kind, namespace === '' ? undefined : namespace);
  const named = resources.map(({ key }) => ({ key, parts: splitKey(key) })).filter(({ parts }) => parts.name === name && parts.namespace === namespace);
  const [only, ...others] = named;
  if (only !== undefined && others.length === 0) return only.key;
  if (only !== undefined) throw new CommandError('invalid', `${printAsked(asked)} is more than one resource: ${named.map(({ parts }) => printName(parts)).join(', ')}; name the group`);
  if (isWritten(kind)) return resourceKey({ group: group ?? NOVAEDGE_GROUP, kind, namespace, name });
  const [first] = resources;
  throw first === undefined ? unknownKind(kind) : await notThere(operator, resourceKey({ ...splitKey(first.key), namespace, name }));
}

/** Kinds begin with a capital; without one nobody can tell how the rest is written. */
const isWritten = (kind: string): boolean => /^[A-Z]/.test(kind);

/** A kind that nobody knows, with the nearest one. */
export function unknownKind(kind: string): CommandError {
  const near = nearestName(kind, KNOWN_KINDS.flatMap(({ kind: known, plural }) => [known, plural]));
  const hint = near === undefined ? `known are ${KNOWN_KINDS.map(({ kind: known }) => known).join(', ')}; others are written Kind.group` : `did you mean ${near}?`;
  return new CommandError('not-found', `there is no kind ${JSON.stringify(kind)} here; ${hint}`);
}

/** Says that a resource is not there, and which one may have been meant. */
export async function notThere(operator: Operator, key: ResourceKey): Promise<CommandError> {
  const wanted = splitKey(key);
  const { resources } = await listAll(operator, { kind: wanted.kind, namespace: undefined }, SUGGESTION_PAGES);
  const there = resources.map((resource) => splitKey(resource.key));
  const elsewhere = there.filter(({ name }) => name === wanted.name);
  const near = nearestName(wanted.name, there.filter(({ namespace }) => namespace === wanted.namespace).map(({ name }) => name));
  const hint = near !== undefined ? `did you mean ${printName({ ...wanted, name: near })}?`
    : elsewhere.length > 0 ? `there is ${elsewhere.slice(0, MAX_SUGGESTED).map(printName).join(', ')}`
      : `novactl get ${wanted.kind} -A lists those there are`;
  return new CommandError('not-found', `${printName(wanted)} is not here; ${hint}`);
}

const MAX_SUGGESTED = 5;
