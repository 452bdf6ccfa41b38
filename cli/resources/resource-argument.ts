import { CommandError } from '../errors.ts';
import type { AskedKind } from './kinds.ts';
import { parseKind } from './kinds.ts';

/** Where things are when nobody says. */
export const DEFAULT_NAMESPACE = 'default';

/** One resource as somebody named it. */
export interface AskedResource { readonly kind: AskedKind; readonly namespace: string; readonly name: string }

const FORMS = 'accepted are KIND/NAMESPACE/NAME, such as ProxyRoute/default/api, or KIND NAME with -n NAMESPACE; kinds of other groups are written Kind.group';

/**
 * Reads `KIND/NS/NAME`, `KIND/NAME`, or `KIND` with a name of its own. What belongs to no namespace is `KIND//NAME`.
 *
 * @throws CommandError saying what is accepted
 */
export function parseResource(word: string, name: string | undefined, namespace: string | undefined): AskedResource {
  const [kind = '', ...rest] = word.split('/');
  const parts = name === undefined ? rest : [...rest, name];
  const [first, second, ...more] = parts;
  if (kind === '' || first === undefined || more.length > 0 || (second ?? first) === '') throw wrong([word, ...(name === undefined ? [] : [name])].join(' '));
  if (second === undefined) return { kind: parseKind(kind), namespace: namespace ?? DEFAULT_NAMESPACE, name: first };
  if (namespace !== undefined && namespace !== first) {
    throw new CommandError('invalid', `${word} is in the namespace ${JSON.stringify(first)} and -n says ${JSON.stringify(namespace)}: leave one of them out`);
  }
  return { kind: parseKind(kind), namespace: first, name: second };
}

const wrong = (given: string): CommandError => new CommandError('invalid', `${JSON.stringify(given)} does not name a resource; ${FORMS}`);

/** As it was asked for, for messages. */
export const printAsked = ({ kind: { kind, group, isKnown }, namespace, name }: AskedResource): string =>
  `${isKnown || group === undefined || group === '' ? kind : `${kind}.${group}`}/${namespace}/${name}`;
