import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from './content.ts';
import { canonicalContent, parseContent } from './content.ts';
import { asClusterId, asIncarnation, asMember } from './ids.ts';
import { join } from './join.ts';
import { editProvenance } from './provenance.ts';
import type { Provenance, Row } from './row.ts';
import { emptyRow } from './row.ts';
import type { Stamp, Write } from './stamp.ts';
import { compareWrites, nextStamp, zeroStamp } from './stamp.ts';
import type { VersionVector } from './version-vector.ts';
import { dotKey, emptyVector } from './version-vector.ts';
import type { View } from './view.ts';
import { viewOf } from './view.ts';
import { write } from './write.ts';

/**
 * An object as the oracle has it: fields by name, nothing of paths, leaves or provenance. `listeners.http.port` is a field of a
 * list's item; every other list is one value.
 */
type Fields = ReadonlyMap<string, Json>;
const FIELDS = [
  'spec.compression.enabled', 'spec.compression.level', 'spec.cache.ttl', 'spec.hosts', 'metadata.labels.team',
  'listeners.http.port', 'listeners.http.protocol', 'listeners.https.port', 'listeners.https.protocol',
] as const;
type Field = (typeof FIELDS)[number];
const isListener = (field: string): boolean => field.startsWith('listeners.');

/** The ProxyGateway that has these fields. Containers are there where something is in them. */
function gatewayOf(fields: Fields): JsonObject {
  const gateway: Record<string, Json> = { kind: 'ProxyGateway' };
  for (const [field, value] of [...fields].filter(([name]) => !isListener(name))) {
    const steps = field.split('.');
    let at = gateway;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, Json>;
    at[steps.at(-1) ?? ''] = value;
  }
  const listeners = new Map<string, Record<string, Json>>();
  for (const [field, value] of [...fields].filter(([name]) => isListener(name))) {
    const [, name = '', property = ''] = field.split('.');
    listeners.set(name, { ...(listeners.get(name) ?? { name }), [property]: value });
  }
  if (listeners.size > 0) gateway['spec'] = { ...(gateway['spec'] as JsonObject | undefined), listeners: [...listeners.values()] };
  return gateway;
}

/** The order of a list's items is not the oracle's business. */
function inOrder(gateway: JsonObject): string {
  const spec = gateway['spec'] as { listeners?: { name: string }[] } | undefined;
  spec?.listeners?.sort((a, b) => (a.name < b.name ? -1 : 1));
  return canonicalContent(gateway).text;
}

const pathOf = (field: string): string => {
  const [, name = '', property = ''] = field.split('.');
  return isListener(field) ? `spec/listeners/["${name}"]/${property}` : field.replaceAll('.', '/');
};

const values: Readonly<Record<Field, readonly Json[]>> = {
  'spec.compression.enabled': [true, false],
  'spec.compression.level': [1, 2, 3],
  'spec.cache.ttl': ['1s', '2s', null],
  'spec.hosts': [['a'], ['a', 'b'], [{ name: 'a' }], []],
  'metadata.labels.team': ['x', 'y'],
  'listeners.http.port': [80, 81, 82],
  'listeners.http.protocol': ['HTTP', 'TCP'],
  'listeners.https.port': [443, 444],
  'listeners.https.protocol': ['HTTPS', 'TLS'],
};

/** A value of undefined takes the field away. */
type Edit = readonly [Field, Json | undefined];
const editOf = (fields: readonly Field[], choices: number): fc.Arbitrary<Edit> => fc.constantFrom(...fields).chain((field) =>
  fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...values[field].slice(0, choices)) }, { weight: choices === 1 ? 3 : 1, arbitrary: fc.constant(undefined) }).map((value): Edit => [field, value]));
const edits = fc.array(editOf(FIELDS, 3), { minLength: 1, maxLength: 4 });
const someFields: fc.Arbitrary<Fields> = fc.array(editOf(FIELDS, 3), { maxLength: 8 }).map((all) => edited(new Map(), all));
/** So few that authors often write the same, or what was there before. */
const narrowEdits = fc.array(editOf(['spec.cache.ttl', 'listeners.http.port'], 1), { minLength: 1, maxLength: 2 });

function edited(fields: Fields, all: readonly Edit[]): Fields {
  const next = new Map(fields);
  for (const [field, value] of all) {
    if (value === undefined) next.delete(field);
    else next.set(field, value);
  }
  return next;
}

const equal = (a: Json | undefined, b: Json | undefined): boolean => JSON.stringify(a) === JSON.stringify(b);

interface Author { readonly name: string; counter: number; hlc: Stamp }
const author = (name: string): Author => ({ name, counter: 0, hlc: zeroStamp });

/** Writes fields over what is shown. */
function writeFields(row: Row, by: Author, fields: Fields, shown: { content: string; fields: Provenance } | undefined, context: VersionVector, nowMs: number): { row: Row; made: Write } {
  by.counter += 1;
  by.hlc = nextStamp(asMember(by.name), nowMs, [by.hlc, ...row.siblings.map(({ stamp }) => stamp)]);
  const made: Write = { dot: { incarnation: asIncarnation(`i${by.name.repeat(10)}`), counter: by.counter }, stamp: by.hlc };
  const { text, hash, bytes } = canonicalContent(gatewayOf(fields));
  const provenance = editProvenance('ProxyGateway', made, shown, text, undefined);
  const pending = { ...made, context, origin: asClusterId(by.name), body: () => ({ kind: 'live' as const, hash, bytes, content: text, fields: provenance }) };
  return { row: write(row, emptyVector, pending).row, made };
}

const merged = (row: Row): View => viewOf('ProxyGateway', row, 'Merge', { clusterId: undefined, shownHash: undefined });
const liveOf = (view: View): { content: string; fields: Provenance } => {
  if (view.body.kind !== 'live' || view.body.content === undefined) throw new RangeError('expected a live view');
  return { content: view.body.content, fields: view.body.fields };
};

describe('concurrent edits of one object [I7]', () => {
  const cases = fc.record({
    base: someFields,
    concurrent: fc.array(fc.record({ edits: fc.array(edits, { minLength: 1, maxLength: 2 }), atMs: fc.integer({ min: 100, max: 102 }) }), { minLength: 2, maxLength: 3 }),
  });

  /** Everybody edits the base without seeing the others, some of them twice. */
  function play({ base, concurrent }: (typeof cases) extends fc.Arbitrary<infer T> ? T : never) {
    const start = writeFields(emptyRow, author('z'), base, undefined, emptyVector, 1).row;
    const authors = concurrent.map(({ edits: rounds, atMs }, at) => {
      const by = author('abc'.charAt(at));
      let [row, fields, last] = [start, base, undefined as Write | undefined];
      for (const round of rounds) {
        fields = edited(fields, round);
        const step = writeFields(row, by, fields, liveOf(merged(row)), row.context, atMs);
        [row, last] = [step.row, step.made];
      }
      return { row, fields, last };
    });
    return { base, authors };
  }

  /** Three-way reasoning per field: who changed it alone is right; who changed it with others is right if newest. */
  function expected({ base, authors }: ReturnType<typeof play>): { fields: Fields; overlapping: string[] } {
    const fields = new Map(base);
    const overlapping: string[] = [];
    const newestFirst = [...authors].sort((a, b) => (a.last && b.last ? compareWrites(b.last, a.last) : 0));
    for (const field of FIELDS) {
      const changes = newestFirst.map((by) => by.fields.get(field)).filter((value) => !equal(value, base.get(field)));
      if (changes.length === 0) continue;
      const [newest] = changes;
      if (changes.some((value) => !equal(value, newest))) overlapping.push(pathOf(field));
      if (newest === undefined) fields.delete(field);
      else fields.set(field, newest);
    }
    return { fields, overlapping: overlapping.sort() };
  }

  test('every field that one author changed is as that author left it, removals too; the others are as the newest has them, and are named', () => {
    // Once each: a field changed back is a write as well, which plain three-way reasoning does not see.
    const once = cases.map((one) => ({ ...one, concurrent: one.concurrent.map((by) => ({ ...by, edits: by.edits.slice(0, 1) })) }));
    fc.assert(fc.property(once, (one) => {
      const played = play(one);
      const view = merged(played.authors.map(({ row }) => row).reduce(join));
      const oracle = expected(played);

      expect(inOrder(parseContent(liveOf(view).content))).toBe(inOrder(gatewayOf(oracle.fields)));
      expect(view.conflict?.overlapping ?? []).toEqual(oracle.overlapping);
    }));
  });

  test('the view is the same whatever order the versions came in', () => {
    fc.assert(fc.property(cases, (one) => {
      const rows = play(one).authors.map(({ row }) => row);
      const view = merged(rows.reduce(join));
      const turned = rows.reduce(join);

      expect(merged({ ...turned, siblings: [...turned.siblings].reverse() })).toEqual(view);
      expect(merged(rows.reverse().reduce(join))).toEqual(view);
    }));
  });

  test('the merged view says of each of its own fields who wrote it, and nothing else', () => {
    fc.assert(fc.property(cases, (one) => {
      const { row } = { row: play(one).authors.map((by) => by.row).reduce(join) };
      const { content, fields } = liveOf(merged(row));
      const again = editProvenance('ProxyGateway', fields.base, { content, fields }, content, undefined);

      expect(again.set).toEqual(fields.set);
      expect(again.removed).toEqual(fields.removed);
    }));
  });
});

describe('edits upon merged views, over any number of rounds [I7]', () => {
  type Step = { readonly do: 'write'; readonly at: number; readonly edits: readonly Edit[] } | { readonly do: 'join'; readonly at: number; readonly from: number };
  const stepsOf = (written: fc.Arbitrary<readonly Edit[]>): fc.Arbitrary<readonly Step[]> => fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('write' as const), at: fc.nat({ max: 2 }), edits: written }),
      fc.record({ do: fc.constant('join' as const), at: fc.nat({ max: 2 }), from: fc.nat({ max: 2 }) }),
    ),
    { minLength: 3, maxLength: 24, size: 'max' },
  );
  const steps = fc.oneof(stepsOf(edits), stepsOf(narrowEdits));

  /** Of one field: who wrote what when, knowing which other writes. */
  interface FieldWrite { readonly value: Json | undefined; readonly made: Write; readonly knows: ReadonlySet<string> }
  interface Site { readonly by: Author; row: Row; has: ReadonlySet<string> }

  /** Each field is a register: the newest of the writes that no other write of this field knew. */
  function registerOf(all: readonly FieldWrite[], has: ReadonlySet<string>): { value: Json | undefined; isAmbiguous: boolean } {
    const here = all.filter(({ made }) => has.has(dotKey(made.dot)));
    const standing = here.filter(({ made }) => !here.some(({ knows }) => knows.has(dotKey(made.dot)))).sort((a, b) => compareWrites(b.made, a.made));
    return { value: standing[0]?.value, isAmbiguous: standing.some(({ value }) => !equal(value, standing[0]?.value)) };
  }

  function play(all: readonly Step[]): { sites: readonly Site[]; writes: ReadonlyMap<Field, FieldWrite[]> } {
    const start = writeFields(emptyRow, author('z'), new Map(), undefined, emptyVector, 1);
    const sites: Site[] = ['a', 'b', 'c'].map((name) => ({ by: author(name), row: start.row, has: new Set([dotKey(start.made.dot)]) }));
    const writes = new Map<Field, FieldWrite[]>(FIELDS.map((field) => [field, []]));
    for (const [now, step] of all.entries()) {
      const site = sites[step.at];
      if (site === undefined) throw new RangeError('three sites');
      if (step.do === 'join') {
        const from = sites[step.from] ?? site;
        site.row = join(site.row, from.row);
        site.has = new Set([...site.has, ...from.has]);
        continue;
      }
      const shownFields = new Map(FIELDS.map((field) => [field, registerOf(writes.get(field) ?? [], site.has).value] as const).filter((entry): entry is [Field, Json] => entry[1] !== undefined));
      const next = edited(shownFields, step.edits);
      const { row, made } = writeFields(site.row, site.by, next, liveOf(merged(site.row)), site.row.context, 100 + now - (now % 3) * 7);
      for (const field of FIELDS) if (!equal(next.get(field), shownFields.get(field))) writes.get(field)?.push({ value: next.get(field), made, knows: site.has });
      site.row = row;
      site.has = new Set([...site.has, dotKey(made.dot)]);
    }
    return { sites, writes };
  }

  test('each field is what its own history says, on every replica', () => {
    fc.assert(fc.property(steps, (all) => {
      const { sites, writes } = play(all);
      for (const { row, has } of sites) {
        const registers = FIELDS.map((field) => [field, registerOf(writes.get(field) ?? [], has)] as const);
        const fields = new Map(registers.map(([field, { value }]) => [field, value] as const).filter((entry): entry is [Field, Json] => entry[1] !== undefined));
        const view = merged(row);
        const ambiguous = registers.filter(([, { isAmbiguous }]) => isAmbiguous).map(([field]) => pathOf(field));

        expect(inOrder(parseContent(liveOf(view).content))).toBe(inOrder(gatewayOf(fields)));
        expect(ambiguous).toEqual(expect.arrayContaining([...(view.conflict?.overlapping ?? [])]));
      }
    }));
  });
});

describe('authors who knew more than they were shown [I7]', () => {
  const base: Fields = new Map<string, Json>([['spec.compression.level', 1], ['spec.cache.ttl', '1s']]);
  const start = writeFields(emptyRow, author('z'), base, undefined, emptyVector, 1).row;
  const edit = (row: Row, by: Author, fields: Fields, atMs: number, shown = liveOf(merged(row)), context = row.context): Row => writeFields(row, by, fields, shown, context, atMs).row;
  const fieldsOf = (row: Row): unknown => parseContent(liveOf(merged(row)).content);

  test('a version written whole takes away what its author had seen and left out', () => {
    const whole = writeFields(start, author('a'), new Map([['spec.compression.level', 2]]), undefined, start.context, 20).row;
    const other = edit(start, author('b'), new Map([...base, ['spec.compression.enabled', true]]), 30);

    expect(fieldsOf(join(whole, other))).toEqual(gatewayOf(new Map<string, Json>([['spec.compression.level', 2], ['spec.compression.enabled', true]])));
  });

  test('two that kept different values, both knowing both, overlap; the newer value stays', () => {
    const [x, y] = [edit(start, author('a'), new Map([...base, ['spec.cache.ttl', '2s']]), 20), edit(start, author('b'), new Map([...base, ['spec.cache.ttl', '3s']]), 30)];
    const known = join(x, y);
    // As under Manual: each cluster edits the version it has, and has been shown that there is another.
    const keepX = edit(known, author('c'), new Map([...base, ['spec.cache.ttl', '2s'], ['spec.compression.enabled', true]]), 40, liveOf(merged(x)));
    const keepY = edit(known, author('d'), new Map([...base, ['spec.cache.ttl', '3s'], ['spec.hosts', ['a']]]), 50, liveOf(merged(y)));
    const view = merged(join(keepX, keepY));

    expect(fieldsOf(join(keepX, keepY))).toEqual(gatewayOf(new Map<string, Json>([...base, ['spec.cache.ttl', '3s'], ['spec.compression.enabled', true], ['spec.hosts', ['a']]])));
    expect(view.conflict?.overlapping).toEqual(['spec/cache/ttl']);
  });

  test('a field that two took away is still known to be gone when a third, older edit of it arrives', () => {
    const gone: Fields = new Map([['spec.compression.level', 1]]);
    const both = join(edit(start, author('a'), gone, 20), edit(start, author('b'), new Map([...gone, ['spec.hosts', ['a']]]), 30));
    const next = edit(both, author('c'), new Map([...gone, ['spec.hosts', ['b']]]), 40);
    const late = edit(start, author('d'), new Map([...base, ['spec.cache.ttl', '2s']]), 10);
    const view = merged(join(next, late));

    expect(fieldsOf(join(next, late))).toEqual(gatewayOf(new Map<string, Json>([...gone, ['spec.hosts', ['b']]])));
    expect(view.conflict?.overlapping).toEqual(['spec/cache/ttl']);
  });
});

describe('what fits no field', () => {
  const base: JsonObject = { spec: { list: [1], nested: { x: 1, y: 1 }, listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }], bare: {} } };
  const withSpec = (changes: JsonObject): JsonObject => ({ spec: { ...(base['spec'] as JsonObject), ...changes } });
  const withoutListeners = withSpec({ listeners: [] });

  /** Two authors replace the base without seeing each other; `b` has the greater stamp. */
  function mergeOf(a: JsonObject, b: JsonObject): { content: Json; overlapping: readonly string[] } {
    const write1 = (content: JsonObject, by: string, ms: number, shown?: { content: string; fields: Provenance; context: VersionVector }): Row => {
      const made: Write = { dot: { incarnation: asIncarnation(`i${by.repeat(10)}`), counter: 1 }, stamp: { ms, counter: 0, member: asMember(by) } };
      const { text, hash, bytes } = canonicalContent(content);
      const fields = editProvenance('ProxyGateway', made, shown, text, undefined);
      return write(undefined, shown?.context ?? emptyVector, { ...made, context: emptyVector, origin: asClusterId(by), body: () => ({ kind: 'live', hash, bytes, content: text, fields }) }).row;
    };
    const start = write1(base, 'z', 1);
    const shown = { ...liveOf(merged(start)), context: start.context };
    const view = merged(join(write1(a, 'a', 2, shown), write1(b, 'b', 3, shown)));
    return { content: parseContent(liveOf(view).content), overlapping: view.conflict?.overlapping ?? [] };
  }

  test.each<[string, JsonObject, JsonObject, JsonObject, string[]]>([
    ['a list without keys is taken whole from the newest', withSpec({ list: [1, 2] }), withSpec({ list: [0, 1] }), withSpec({ list: [0, 1] }), ['spec/list']],
    ['a scalar over fields, when newest', withSpec({ nested: { x: 2, y: 1 } }), withSpec({ nested: 7 }), withSpec({ nested: 7 }), ['spec/nested/x']],
    ['fields over a scalar, when newest', withSpec({ nested: 7 }), withSpec({ nested: { x: 2, y: 1 } }), withSpec({ nested: { x: 2 } }), ['spec/nested', 'spec/nested/x']],
    ['a new field below what became a scalar', withSpec({ nested: 7 }), withSpec({ nested: { x: 1, y: 1, z: 1 } }), withSpec({ nested: { z: 1 } }), ['spec/nested']],
    ['a field below what became a scalar later', withSpec({ nested: { x: 1, y: 1, z: 1 } }), withSpec({ nested: 7 }), withSpec({ nested: 7 }), ['spec/nested']],
    ['an empty object gives way to a field below it', withSpec({ nested: { x: 1, y: 1, z: 1 } }), withSpec({ nested: {} }), withSpec({ nested: { z: 1 } }), []],
    ['a scalar for one, fields for the other', withSpec({ bare: { x: 1 } }), withSpec({ bare: 'none' }), withSpec({ bare: 'none' }), ['spec/bare']],
    ['a list with keys for one, fields for the other', withSpec({ listeners: [{ name: 'tcp', port: 1 }] }), withSpec({ listeners: { tcp: 1 } }), withSpec({ listeners: { tcp: 1 } }), ['spec/listeners']],
    ['an item added on both sides', withSpec({ listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }, { name: 'a', port: 1 }] }), withSpec({ listeners: [{ name: 'b', port: 2 }, { name: 'http', port: 80, protocol: 'HTTP' }] }), withSpec({ listeners: [{ name: 'b', port: 2 }, { name: 'http', port: 80, protocol: 'HTTP' }, { name: 'a', port: 1 }] }), []],
    ['an item edited after it was removed elsewhere keeps its key', withoutListeners, withSpec({ listeners: [{ name: 'http', port: 81, protocol: 'HTTP' }] }), withSpec({ listeners: [{ name: 'http', port: 81 }] }), ['spec/listeners/["http"]/port']],
    ['an item removed after it was edited elsewhere is gone', withSpec({ listeners: [{ name: 'http', port: 81, protocol: 'HTTP' }] }), withoutListeners, withoutListeners, ['spec/listeners/["http"]/port']],
    ['the same item added alike on both sides', withSpec({ list: [2], listeners: [{ name: 'a', port: 1 }] }), withSpec({ listeners: [{ name: 'a', port: 1 }] }), withSpec({ list: [2], listeners: [{ name: 'a', port: 1 }] }), []],
  ])('%s', (_what, a, b, content, overlapping) => {
    expect(mergeOf(a, b)).toEqual({ content, overlapping });
  });
});

test('of versions that came to agree, a field\'s writer is the latest that wrote the field, not the latest that wrote anything', () => {
  const start = writeFields(emptyRow, author('z'), new Map(), undefined, emptyVector, 1).row;
  const edit = (row: Row, by: Author, fields: Fields, atMs: number): Row => writeFields(row, by, fields, liveOf(merged(row)), row.context, atMs).row;
  const [a, b] = [author('a'), author('b')];
  const port: Fields = new Map([['listeners.http.port', 80]]);
  const early = edit(edit(edit(start, a, port, 20), a, new Map([...port, ['spec.cache.ttl', '1s']]), 40), a, port, 50);
  const view = merged(join(early, edit(start, b, port, 30)));

  expect(view.conflict).toBeUndefined();
  expect(liveOf(view).fields.set.get('spec/listeners/["http"]/port')?.stamp.ms).toBe(30);
});
