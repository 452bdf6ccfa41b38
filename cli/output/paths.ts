import type { Json } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';

/**
 * A field's path as people read it: `spec/rules` is `spec.rules`, and the item of a list `spec/listeners/["http"]/port` is
 * `spec.listeners["http"].port`. What is escaped in a path (DESIGN's fields of a version) is written out.
 */
export function printPath(path: string): string {
  return path.split('/').map((segment, at) => {
    const plain = segment === '~3' ? '' : segment.replace(/^~2/, '[').replaceAll('~1', '/').replaceAll('~0', '~');
    if (segment.startsWith('[')) return plain;
    return /^[A-Za-z_][\w-]*$/.test(plain) ? `${at === 0 ? '' : '.'}${plain}` : `[${JSON.stringify(plain)}]`;
  }).join('');
}

/** Paths listed at most; whoever has more looks at the text. */
const MAX_DIFFERING = 50;

/** Where two values say different things, by field and position: `spec.rules[0].backendRef.name`. */
export function differingPaths(a: Json | undefined, b: Json | undefined): readonly string[] {
  const found: string[] = [];
  collect(a, b, '', found);
  return found.length > MAX_DIFFERING ? [...found.slice(0, MAX_DIFFERING), '…'] : found;
}

function collect(a: Json | undefined, b: Json | undefined, path: string, found: string[]): void {
  if (found.length > MAX_DIFFERING) return;
  if (isObject(a) && isObject(b)) {
    for (const field of new Set([...Object.keys(a), ...Object.keys(b)])) collect(a[field], b[field], `${path}${fieldText(field, path)}`, found);
  } else if (Array.isArray(a) && Array.isArray(b)) {
    const [left, right] = [a as readonly Json[], b as readonly Json[]];
    for (let at = 0; at < Math.max(left.length, right.length); at += 1) collect(left[at], right[at], `${path}[${at.toString()}]`, found);
  } else if (a !== b) {
    found.push(path === '' ? 'everything' : path);
  }
}

const fieldText = (field: string, path: string): string => (/^[A-Za-z_][\w-]*$/.test(field) ? `${path === '' ? '' : '.'}${field}` : `[${JSON.stringify(field)}]`);
