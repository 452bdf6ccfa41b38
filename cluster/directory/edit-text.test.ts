import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { newText, withManifest, withoutManifest } from './edit-text.ts';
import { parseText } from './manifest-text.ts';
import { requireJson } from './plain-json.ts';

const only = { document: 0, item: undefined };

/** The text after its first manifest was changed by `change`. */
function changed(text: string, change: (manifest: Record<string, any>) => void, place = only): string | undefined { // eslint-disable-line @typescript-eslint/no-explicit-any
  const parsed = parseText('yaml', text);
  if (parsed.kind !== 'parsed') throw new Error(`not parsed: ${JSON.stringify(parsed)}`);
  const manifest = parsed.manifests.find(({ place: at }) => at.document === place.document && at.item === place.item)?.value;
  const copy = structuredClone(manifest) as Record<string, Json>;
  change(copy);
  return withManifest('yaml', text, place, requireJson(copy) as JsonObject);
}

const ROUTE = `# Owned by the edge team.
apiVersion: novaedge.io/v1alpha1   # the only version
kind: ProxyRoute
metadata:
    name: "api"
    labels: {team: edge,   tier: 'gold'}

spec:
    hostnames:
    - api.example.com     # public
    # the old name, until 2027
    - 'old.example.com'
    timeoutSeconds: 30    # measured
    rules:
    - name: root
      path: /
    - name: admin
      path: /admin   # guarded
    note: |
      two
      lines
`;

describe('a change in a YAML file', () => {
  test('of a number keeps everything else, to the blank', () => {
    expect(changed(ROUTE, (route) => { route['spec'].timeoutSeconds = 45; })).toBe(ROUTE.replace('timeoutSeconds: 30', 'timeoutSeconds: 45'));
  });

  test('of a quoted text keeps its quotes', () => {
    expect(changed(ROUTE, (route) => { route['spec'].hostnames[1] = 'it\'s'; })).toBe(ROUTE.replace('\'old.example.com\'', '\'it\'\'s\''));
  });

  test('inside a flow map keeps the map as it is', () => {
    expect(changed(ROUTE, (route) => { route['metadata'].labels.tier = 'a, b'; })).toBe(ROUTE.replace('\'gold\'', '\'a, b\''));
  });

  test('that adds a field puts it behind the others, in the same indentation', () => {
    expect(changed(ROUTE, (route) => { route['metadata'].annotations = { why: 'yes' }; }))
      .toBe(ROUTE.replace('tier: \'gold\'}\n', 'tier: \'gold\'}\n    annotations:\n        why: "yes"\n'));
  });

  test('that removes a field takes its lines and no comment', () => {
    expect(changed(ROUTE, (route) => { delete route['spec'].timeoutSeconds; })).toBe(ROUTE.replace('    timeoutSeconds: 30    # measured\n', ''));
  });

  test('that adds an item puts it where it belongs', () => {
    expect(changed(ROUTE, (route) => { route['spec'].hostnames.splice(1, 0, 'new.example.com'); }))
      .toBe(ROUTE.replace('# public\n', '# public\n    - new.example.com\n'));
  });

  test('that removes an item takes its lines', () => {
    expect(changed(ROUTE, (route) => { route['spec'].rules.shift(); })).toBe(ROUTE.replace('    - name: root\n      path: /\n', ''));
  });

  test('of one item of several leaves the others', () => {
    expect(changed(ROUTE, (route) => { route['spec'].rules[1].path = '/a'; route['spec'].rules[1].weight = 3; }))
      .toBe(ROUTE.replace('path: /admin   # guarded\n', 'path: /a   # guarded\n      weight: 3\n'));
  });

  test('of a block text keeps the comments', () => {
    const result = changed(ROUTE, (route) => { route['spec'].note = 'one\nother\n'; });

    expect(result).toContain('note: |\n');
    for (const comment of ['# Owned by', '# the only version', '# public', '# the old name', '# measured', '# guarded']) expect(result).toContain(comment);
  });

  test('in the middle document leaves the others byte by byte', () => {
    const text = `# head\n---\n${ROUTE}...\n---\n  kind:   B\n---\n${ROUTE}`;
    const place = { document: 0, item: undefined };

    expect(changed(text, (route) => { route['spec'].timeoutSeconds = 1; }, place)).toBe(text.replace('timeoutSeconds: 30', 'timeoutSeconds: 1'));
  });

  test('of an item of a List stays in that item', () => {
    const text = 'apiVersion: v1\nkind: List\nitems:\n- kind: A\n  spec: {a: 1}\n- kind: B # second\n  spec:\n    b: 1\n';

    expect(changed(text, (manifest) => { manifest['spec'].b = 2; }, { document: 0, item: 1 } as never)).toBe(text.replace('b: 1', 'b: 2'));
  });

  test('where anchors are shared changes one place only', () => {
    const text = 'a: &x\n  k: 1 # one\nb: *x\nc:\n  <<: *x\n  l: 2\n';

    const result = changed(text, (value) => { value['b'] = { k: 2 }; });

    expect(result).toBe('a: &x\n  k: 1 # one\nb: {"k":2}\nc:\n  <<: *x\n  l: 2\n');
  });

  test('of the anchored value itself does not change its aliases', () => {
    const text = 'a: &x\n  k: 1 # one\nb: *x\n';

    const result = changed(text, (value) => { value['a'] = { k: 2 }; }) ?? '';

    expect(parseText('yaml', result)).toMatchObject({ manifests: [{ value: { a: { k: 2 }, b: { k: 1 } } }] });
  });

  test('keeps Windows line ends', () => {
    const text = ROUTE.replaceAll('\n', '\r\n');

    expect(changed(text, (route) => { route['spec'].timeoutSeconds = 45; route['spec'].last = true; }))
      .toBe(`${text.replace('timeoutSeconds: 30', 'timeoutSeconds: 45')}    last: true\r\n`);
  });

  test('works where the last line is not ended', () => {
    expect(changed('a: 1', (value) => { value['b'] = [1]; })).toBe('a: 1\nb:\n  - 1');
  });
});

describe('a document that goes', () => {
  test.each([
    ['first', 0, '# head\n---\nb: 2\n---\nc: 3\n'],
    ['middle', 1, '# head\n---\na: 1 # x\n---\nc: 3\n'],
    ['last', 2, '# head\n---\na: 1 # x\n---\nb: 2\n'],
  ])('leaves the others: the %s', (_name, document, expected) => {
    const text = '# head\n---\na: 1 # x\n---\nb: 2\n---\nc: 3\n';

    expect(withoutManifest('yaml', text, { document, item: undefined })).toEqual({ kind: 'text', text: expected });
  });

  test('leaves nothing where it was the only one', () => {
    expect(withoutManifest('yaml', '# head\n---\na: 1\n---\n', only)).toEqual({ kind: 'nothing' });
    expect(withoutManifest('json', '{"a": 1}', only)).toEqual({ kind: 'nothing' });
  });

  test('leaves the other items of a List', () => {
    const text = 'kind: List\nitems:\n- kind: A\n- kind: B # b\n';

    expect(withoutManifest('yaml', text, { document: 0, item: 0 })).toEqual({ kind: 'text', text: 'kind: List\nitems:\n- kind: B # b\n' });
  });
});

describe('a JSON file', () => {
  test('stays JSON, with its indentation, order and end', () => {
    const text = '{\n\t"kind": "B",\n\t"apiVersion": "v1",\n\t"spec": {"x": 1}\n}';

    expect(withManifest('json', text, only, { apiVersion: 'v1', kind: 'B', spec: { a: true, x: 2 } }))
      .toBe('{\n\t"kind": "B",\n\t"apiVersion": "v1",\n\t"spec": {\n\t\t"x": 2,\n\t\t"a": true\n\t}\n}');
  });

  test('in one line stays in one line', () => {
    expect(withManifest('json', '{"b":1}\n', only, { b: 2 })).toBe('{"b":2}\n');
  });
});

const leaf = fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0), fc.string({ unit: 'grapheme' }),
  fc.constantFrom('yes', 'no', 'on', '0777', '1:30', '2020-01-01', 'null', '~', '1e3', '- a', 'a: b', '#x', ' x ', 'a\nb', 'a\n', '*x', '&x', '!t', '%', '@', '`', '{', '[', '', '=', '<<', 'true'));
const field = fc.oneof(fc.constantFrom('a', 'b', 'c', 'name', 'yes', '1', 'x y', '#', ''), fc.string({ maxLength: 4 })).filter((name) => name !== '__proto__' && name !== '<<');
const { value } = fc.letrec<{ value: Json; object: JsonObject }>((tie) => ({
  value: fc.oneof({ maxDepth: 4, depthSize: 'small' }, leaf, fc.array(tie('value'), { maxLength: 4 }), tie('object')),
  object: fc.dictionary(field, tie('value'), { maxKeys: 4, noNullPrototype: true }),
}));
const object = fc.dictionary(field, value, { minKeys: 1, maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<JsonObject>;

describe('whatever is changed', () => {
  test.each(['yaml', 'json'] as const)('a new %s file says what it was made of', (format) => {
    fc.assert(fc.property(object, (manifest) => {
      expect(parseText(format, newText(format, manifest))).toMatchObject({ kind: 'parsed', manifests: [{ value: manifest }] });
    }), { numRuns: 300 });
  });

  test('a YAML file is changed so that it says just that', () => {
    fc.assert(fc.property(object, object, fc.boolean(), fc.constantFrom('', '# c\n', '---\n'), (before, after, beside, head) => {
      const text = head + newText('yaml', before) + (beside ? '---\nother: 1\n' : '');
      const result = withManifest('yaml', text, only, after);

      expect(result).toBeDefined();
      expect(parseText('yaml', result ?? '')).toMatchObject({ kind: 'parsed', manifests: [{ value: after }, ...(beside ? [{ value: { other: 1 } }] : [])] });
    }), { numRuns: 1000 });
  }, 40_000);

  test('a small change of a large file touches few lines', () => {
    fc.assert(fc.property(object, leaf, (before, added) => {
      const text = newText('yaml', { spec: { keep: before, list: [{ name: 'x', at: 1 }] } });
      const result = withManifest('yaml', text, only, { spec: { keep: before, list: [{ name: 'x', at: added }] } }) ?? '';

      const kept = result.split('\n').filter((line) => text.includes(line)).length;
      expect(kept).toBeGreaterThanOrEqual(text.split('\n').length - 2);
    }), { numRuns: 200 });
  });
});
