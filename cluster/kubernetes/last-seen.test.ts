import { describe, expect, test } from 'vitest';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { LastSeen } from './last-seen.ts';
import type { Facts } from './object.ts';

const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name: 'a' });
const at = (resourceVersion: string): Facts => ({ namespace: 'default', name: 'a', uid: 'u', resourceVersion, token: undefined, isTerminating: false, isOurDelete: false, createdAtMs: 0 });

/** What was seen after our write of version 8 and our giving up its ownership, version 9. */
function afterOurWrite(...seen: readonly string[]): LastSeen {
  const lastSeen = new LastSeen();
  lastSeen.note(key, at('7'));
  for (const version of ['8', '9']) lastSeen.noteWritten(key, at(version));
  for (const version of seen) lastSeen.note(key, at(version));
  return lastSeen;
}

describe('an object is as our write left it', () => {
  test.each([
    ['at once', [], true],
    ['when the watch tells of our own writes', ['8', '9'], true],
    ['not when somebody wrote after us', ['8', '9', '10'], false],
    ['not when an older version is told, as in a cluster put back from a backup', ['5'], false],
    ['not even if our own is told again after that', ['5', '9'], false],
  ] as const)('%s', (_when, seen, isAsLeft) => {
    expect(afterOurWrite(...seen).isAsLeft(key)).toBe(isAsLeft);
  });

  test('where the watch was quicker than the answer, too', () => {
    const lastSeen = new LastSeen();
    lastSeen.note(key, at('8'));
    lastSeen.noteWritten(key, at('8'));
    expect(lastSeen.isAsLeft(key)).toBe(true);
    lastSeen.note(key, at('10'));
    lastSeen.noteWritten(key, at('9'));
    expect(lastSeen.isAsLeft(key)).toBe(false);
  });

  test('and not one that we never wrote', () => {
    const lastSeen = new LastSeen();
    lastSeen.note(key, at('1'));
    expect(lastSeen.isAsLeft(key)).toBe(false);
  });
});
