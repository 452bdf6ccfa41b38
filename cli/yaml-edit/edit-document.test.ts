import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseAssignment } from '../federation-object/assignment.ts';
import { editDocument } from './edit-document.ts';

const GUIDE = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'examples', 'setup-guide', 'federation-us-west.yaml'), 'utf8');
const edit = (text: string, ...words: readonly string[]) => editDocument(text, 0, words.map(parseAssignment));

/** Lines of `after` that are not in `before`, and the other way round. */
function changedLines(before: string, after: string): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const [old, next] = [before.split('\n'), after.split('\n')];
  return { gone: old.filter((line) => !next.includes(line)), come: next.filter((line) => !old.includes(line)) };
}

describe('the setup guide\'s federation object', () => {
  test('a value is replaced in its place, in the quotes its author used', () => {
    const { text, changes } = edit(GUIDE, 'conflictResolution.strategy=Manual');

    expect(changedLines(GUIDE, text)).toEqual({ gone: ['    strategy: "LastWriterWins"'], come: ['    strategy: "Manual"'] });
    expect(changes).toEqual([{ path: 'spec.conflictResolution.strategy', before: 'LastWriterWins', after: 'Manual' }]);
  });

  test('a comment behind the value stays', () => {
    expect(changedLines(GUIDE, edit(GUIDE, 'spec.localMember.priority=5').text)).toEqual({ gone: ['    priority: 0  # Primary for local agents'], come: ['    priority: 5  # Primary for local agents'] });
  });

  test('an item is found by its name or its position', () => {
    const expected = { gone: ['      priority: 200'], come: ['      priority: 20'] };

    expect(changedLines(GUIDE, edit(GUIDE, 'members[ap-east-controller].priority=20').text)).toEqual(expected);
    expect(changedLines(GUIDE, edit(GUIDE, 'members[1].priority=20').text)).toEqual(expected);
  });

  test('a new section keeps comments, quotes, order and blank lines', () => {
    const { text } = edit(GUIDE, 'splitBrain.enabled=true', 'splitBrain.partitionTimeout=20s', 'sync.resourceTypes=[ProxyRoute, Secret]');

    expect(changedLines(GUIDE, text)).toEqual({
      gone: [],
      come: ['    resourceTypes:', '      - ProxyRoute', '      - Secret', '  splitBrain:', '    enabled: true', '    partitionTimeout: 20s'],
    });
    expect(parse(text)).toMatchObject({ spec: { splitBrain: { enabled: true, partitionTimeout: '20s' }, sync: { resourceTypes: ['ProxyRoute', 'Secret'] } } });
  });

  test('a field is removed', () => {
    expect(changedLines(GUIDE, edit(GUIDE, 'sync.compression-').text)).toEqual({ gone: ['    compression: true'], come: [] });
  });

  test('a section is removed with what is in it, and its neighbours stay', () => {
    const { text } = edit(GUIDE, 'sync-', 'members[eu-west-controller].tls-');

    expect(changedLines(GUIDE, text).come).toEqual([]);
    expect(text).toContain('  # Sync configuration\n\n  # Conflict resolution\n');
    expect(text).toContain('      priority: 100\n\n    - name: "ap-east-controller"\n');
  });

  test('a field goes to the end of an object in the middle of the text', () => {
    expect(edit(GUIDE, 'localMember.labels.tier=edge').text).toContain('    priority: 0  # Primary for local agents\n    labels:\n      tier: edge\n\n  # Other federation members\n');
  });

  test('what says the same already is left alone', () => {
    expect(edit(GUIDE, 'sync.interval=5s')).toEqual({ text: GUIDE, changes: [] });
  });
});

describe('values', () => {
  test.each([
    ['a: old', 'Yes', 'a: true'], // YAML 1.1's word
    ['a: old', '"yes"', 'a: "yes"'],
    ['a: old', '"5"', 'a: "5"'],
    ['a: old', '5s', 'a: 5s'],
    ['a: \'old\'', '"it\'s"', 'a: \'it\'\'s\''],
    ['a: "old"', '"5"', 'a: "5"'],
    ['a: "old"', '5', 'a: 5'],
    ['a: old', '"x: y # z"', 'a: "x: y # z"'],
  ])('%s becomes %s: %s', (before, value, after) => {
    expect(edit(`spec:\n  ${before}\n`, `a=${value}`).text).toBe(`spec:\n  ${after}\n`);
  });

  test('only its own document of a file is touched', () => {
    const text = 'a: 1 # one\n---\nspec: {mode: mesh} # two\n---\nb: 2\n';

    expect(editDocument(text, 1, [parseAssignment('mode=unified')]).text).toBe('a: 1 # one\n---\nspec: {mode: unified} # two\n---\nb: 2\n');
    expect(editDocument(text, 1, [parseAssignment('paused=true')]).text).toBe('a: 1 # one\n---\nspec: {mode: mesh, paused: true} # two\n---\nb: 2\n');
  });

  test('a JSON file stays JSON, indented as it was', () => {
    expect(edit('{\n    "spec": {\n        "mode": "mesh"\n    }\n}\n', 'paused=true').text).toBe('{\n    "spec": {\n        "mode": "mesh",\n        "paused": true\n    }\n}\n');
  });

  test('YAML that begins with a brace keeps its other documents', () => {
    expect(edit('{spec: {mode: mesh}} # one\n---\nb: 2\n', 'paused=true').text).toBe('{spec: {mode: mesh, paused: true}} # one\n---\nb: 2\n');
  });

  test('an empty section can be filled', () => {
    expect(parse(edit('spec:\n  sync:\n', 'sync.interval=1s').text)).toEqual({ spec: { sync: { interval: '1s' } } });
  });
});

describe('refused', () => {
  test.each([
    ['nothing', '"nothing" is no assignment; accepted are PATH=VALUE'],
    ['sync.interval=', '"sync.interval=" has no value'],
    ['spec..sync=1', '"spec..sync" is no field\'s path'],
    ['sync.interval=[', 'the value is not valid YAML'],
    ['members[mars].priority=1', 'spec.members has no item named "mars"'],
    ['members[7].priority=1', 'spec.members has no item 7; the first is 0'],
    ['sync.interval.ms=1', 'spec.sync.interval is no object, so there is no spec.sync.interval.ms'],
  ])('%s', (word, message) => {
    expect(() => edit(GUIDE, word)).toThrow(message);
  });
});
