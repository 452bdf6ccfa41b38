import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DescField, DescFile, DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { create, fromBinary, ScalarType, toBinary } from '@bufbuild/protobuf';
import { nestedTypes } from '@bufbuild/protobuf/reflect';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StampSchema } from '../../../proto/gen/novaedge/federation/v1/dictionary_pb.ts';
import { Stamp } from '../../../proto/gen/novaedge/federation/v1/dictionary_codec.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import type { MessageType } from './message-type.ts';
import { PACKAGE } from './message-type.ts';

/*
 * Our tables and codec against the library's descriptors and its codec, for every message of the contract. What messages are made of
 * here comes from the descriptors, so that a field that a table lacks is found.
 */

interface Pair { readonly name: string; readonly schema: DescMessage; readonly type: MessageType }

const folder = join(import.meta.dirname, '../../../proto/gen/novaedge/federation/v1');
const modulesOf = (ending: string): Promise<Record<string, unknown>[]> =>
  Promise.all(readdirSync(folder).filter((name) => name.endsWith(ending)).map((name) => import(join(folder, name)) as Promise<Record<string, unknown>>));
const isFile = (value: unknown): value is DescFile => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';
const isType = (value: unknown): value is MessageType => typeof value === 'object' && value !== null && 'fields' in value;

const types = new Map((await modulesOf('_codec.ts')).flatMap((module) => Object.values(module).filter(isType).map((type) => [type.name, type] as const)));
const schemas = (await modulesOf('_pb.ts')).flatMap((module) => Object.values(module).filter(isFile)).flatMap((file) => [...nestedTypes(file)]).filter((desc): desc is DescMessage => desc.kind === 'message' && desc.proto.options?.mapEntry !== true);
const PAIRS: readonly Pair[] = schemas.map((schema) => {
  const type = types.get(schema.typeName.slice(PACKAGE.length));
  if (type === undefined) throw new RangeError(`${schema.typeName} has no table`);
  return { name: schema.name, schema, type };
});

function named(name: string): Pair {
  const pair = PAIRS.find((candidate) => candidate.name === name);
  if (pair === undefined) throw new RangeError(`no message ${name}`);
  return pair;
}

/** How deep messages nest here; none of the contract holds itself, and the deepest nest six deep. */
const DEPTH = 7;
const text = fc.oneof(fc.constantFrom('', 'us-west', '\u0000', 'ä€𐍈', '\ud800', '__proto__', 'x'.repeat(300)), fc.string({ unit: 'binary' }));
const uint64 = fc.oneof(fc.constantFrom(0n, 1n, 127n, 128n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n), fc.bigInt(0n, 2n ** 64n - 1n));
const uint32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1), fc.nat());
const int32 = fc.oneof(fc.constantFrom(0, 1, 7, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());

function scalarOf(scalar: ScalarType | undefined): fc.Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.STRING: return text;
    case ScalarType.BYTES: return fc.uint8Array({ maxLength: 40 });
    case ScalarType.BOOL: return fc.boolean();
    case ScalarType.UINT64: return uint64;
    case ScalarType.UINT32: return uint32;
    case ScalarType.INT32:
    case undefined: return int32;
    default: throw new RangeError(`no arbitrary of scalar ${scalar.toString()}`);
  }
}

function valueOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  const one = field.message === undefined ? scalarOf(field.scalar) : initOf(field.message, depth - 1);
  if (field.fieldKind === 'list') return fc.array(one, { maxLength: 3 });
  return field.fieldKind === 'map' ? fc.dictionary(text, one, { maxKeys: 3 }) : one;
}

/** Messages as `create` takes them: fields are there, left out, or undefined. */
function initOf(schema: DescMessage, depth = DEPTH): fc.Arbitrary<MessageInitShape<DescMessage>> {
  if (depth === 0) return fc.constant({});
  const members = schema.members.map((member) => {
    const value = member.kind === 'field'
      ? valueOf(member, depth)
      : fc.oneof(fc.constant({ case: undefined }), ...member.fields.map((field) => valueOf(field, depth).map((chosen) => ({ case: field.localName, value: chosen }))));
    return [member.localName, fc.option(value, { nil: undefined })] as const;
  });
  return fc.record(Object.fromEntries(members), { requiredKeys: [] });
}

/** Of each property of each message; there are some eight hundred. `npm run fuzz` has its own number. */
const RUNS = { numRuns: fc.readConfigureGlobal().numRuns ?? 25 };

const theirs = (schema: DescMessage, bytes: Uint8Array): unknown => fromBinary(schema, bytes, { readUnknownFields: false });

/** What both make of the same bytes: a message or a refusal. */
function expectAlike({ schema, type }: Pair, bytes: Uint8Array): void {
  let expected: unknown;
  try {
    expected = theirs(schema, bytes);
  } catch {
    expect(() => decode(type, bytes)).toThrow();
    return;
  }
  expect(decode(type, bytes)).toStrictEqual(expected);
}

/** Bytes with a few changed, taken out or put in. */
const damaged = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc.array(fc.record({ at: fc.nat(bytes.length), out: fc.nat(3), put: fc.uint8Array({ maxLength: 4 }) }), { minLength: 1, maxLength: 3 }).map((changes) =>
    changes.reduce<Uint8Array>((all, { at, out, put }) => Buffer.concat([all.subarray(0, at), put, all.subarray(at + out)]), bytes));

describe.each(PAIRS)('$name', (pair) => {
  const { schema, type } = pair;
  const inits = initOf(schema);
  const encoded = inits.map((init) => toBinary(schema, create(schema, init)));

  test('is written byte for byte as the library writes it', () => {
    fc.assert(fc.property(inits, (init) => { expect(Buffer.from(encode(type, init))).toEqual(Buffer.from(toBinary(schema, create(schema, init)))); }), RUNS);
  });

  test('is read as the library reads it', () => {
    fc.assert(fc.property(encoded, (bytes) => { expect(decode(type, bytes)).toStrictEqual(theirs(schema, bytes)); }), RUNS);
  });

  test('is merged where it stands twice, and read past fields of another message', () => {
    const other = PAIRS[(PAIRS.indexOf(pair) + 7) % PAIRS.length] ?? pair;
    fc.assert(fc.property(encoded, encoded, initOf(other.schema).map((init) => toBinary(other.schema, create(other.schema, init))), (one, two, foreign) => {
      expectAlike(pair, Buffer.concat([one, two]));
      expectAlike(pair, Buffer.concat([one, foreign, two]));
    }), RUNS);
  });

  test('is read alike, or refused alike, when its bytes are damaged', () => {
    fc.assert(fc.property(encoded.chain(damaged), (bytes) => { expectAlike(pair, bytes); }), RUNS);
  });

  test('is read alike, or refused alike, from bytes of no meaning', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => { expectAlike(pair, bytes); }), RUNS);
  });
});

describe('bytes', () => {
  /** Groups within groups of a field that nothing has. */
  const nested = (depth: number): Uint8Array => Buffer.concat([Buffer.alloc(depth, 0x4b), Buffer.alloc(depth, 0x4c)]);

  test('that nest too deep are refused, and those that do not are read', () => {
    const answer = named('KeyedAnswer');

    expect(decode(answer.type, nested(99))).toMatchObject({ key: 0 });
    expect(() => decode(answer.type, nested(100))).toThrow(/depth/);
    for (const depth of [98, 99, 100, 101, 50_000]) expectAlike(answer, nested(depth));
  });

  test('of a list may be packed or not', () => {
    const vector = named('VersionVector');
    const unpacked = new BinaryWriter().tag(1, WireType.Varint).uint32(3).tag(1, WireType.Varint).uint32(4).finish();
    const packed = new BinaryWriter().tag(1, WireType.LengthDelimited).fork().uint32(3).uint32(4).join().finish();

    for (const bytes of [unpacked, packed, Buffer.concat([unpacked, packed])]) expectAlike(vector, bytes);
    expect(decode(vector.type, Buffer.concat([unpacked, packed]))).toMatchObject({ logs: [3, 4, 3, 4] });
  });

  test.each([
    ['text that is no UTF-8', Buffer.from([0x12, 2, 0xc3, 0x28])],
    ['a length beyond their end', Buffer.from([0x12, 9, 1])],
    ['half a number', Buffer.from([0x08, 0xff])],
    ['a tag of no field', Buffer.from([0x00, 1])],
    ['a tag longer than one is', Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0])],
    ['a wire type there is not', Buffer.from([0x0f])],
    ['a group that is never ended', Buffer.from([0x9b, 0x06, 0x08, 1])],
    ['a group ended as another one', Buffer.from([0x9b, 0x06, 0xa4, 0x06])],
  ])('with %s are refused', (_what, bytes) => {
    for (const pair of PAIRS) expectAlike(pair, bytes);
    expect(() => decode(named('ErrorDetail').type, bytes)).toThrow();
  });
});

test.each([{ member: 2 ** 32 }, { member: -1 }, { member: 1.5 }, { ms: 2n ** 64n }, { ms: -1n }])('numbers that their type cannot hold are written by neither: %o', (init) => {
  expect(() => toBinary(StampSchema, create(StampSchema, init))).toThrow();
  expect(() => encode(Stamp, init)).toThrow();
});
