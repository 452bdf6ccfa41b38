import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import type { Chosen, Fields } from './layout.ts';
import { layoutOf, zeroOf } from './layout.ts';
import type { Field, MessageType, Scalar } from './message-type.ts';
import { PACKAGE } from './message-type.ts';
import { WireReader } from './wire-reader.ts';
import { DELIMITED } from './wire-type.ts';

/** Messages within messages, and groups of whatever is not known here. What is nested deeper is not of the contract. */
const MAX_DEPTH = 100;

/**
 * The message that bytes are: what protobuf-es' `fromBinary(schema, bytes, { readUnknownFields: false })` makes of them, and refused where
 * that refuses (codec.test.ts). Fields that are not known here are skipped and not kept: they would be a way to have memory
 * filled. Byte strings are views of `bytes`.
 *
 * @throws Error when `bytes` are no such message
 */
export const decode = <Desc extends DescMessage>(type: MessageType<Desc>, bytes: Uint8Array): MessageShape<Desc> =>
  readFields(emptyOf(type), new WireReader(bytes), type, bytes.byteLength, 1) as MessageShape<Desc>;

/** A message that nothing was set in: lists are empty, and what has no presence is zero. */
function emptyOf(type: MessageType): Fields {
  const message: Fields = { $typeName: PACKAGE + type.name };
  for (const [, name, of, presence, oneof = ''] of layoutOf(type).fields) {
    if (presence === '|') message[oneof] = { case: undefined };
    else if (presence === '*') message[name] = [];
    else if (presence === '#') message[name] = {};
    else if (presence === undefined && typeof of === 'string') message[name] = zeroOf(of);
  }
  return message;
}

/** Reads `length` bytes into a message: what is there twice is merged, as the format has it. */
function readFields(message: Fields, reader: WireReader, type: MessageType, length: number, depth: number): Fields {
  if (depth > MAX_DEPTH) throw new RangeError(`${type.name} nests deeper than ${MAX_DEPTH.toString()} messages`);
  const { byNumber } = layoutOf(type);
  const end = reader.position + length;
  while (reader.position < end) {
    const tag = reader.tag();
    const field = byNumber.get(tag.number);
    if (field === undefined) reader.skip(tag, MAX_DEPTH - depth);
    else readField(message, reader, field, tag.wireType, depth);
  }
  return message;
}

function readField(message: Fields, reader: WireReader, [, name, type, presence, oneof = '']: Field, wireType: number, depth: number): void {
  switch (presence) {
    case '*': { readItems(message[name] as unknown[], reader, type, wireType, depth); return; }
    case '#': { readEntry(message[name] as Fields, reader, type as Scalar); return; }
    case '|': {
      const chosen = message[oneof] as Chosen;
      message[oneof] = { case: name, value: readOne(reader, type, chosen.case === name ? chosen.value : undefined, depth) };
      return;
    }
    case '?':
    case undefined: { message[name] = readOne(reader, type, message[name], depth); }
  }
}

/** `before`: the message that stands there already. */
const readOne = (reader: WireReader, type: Scalar | MessageType, before: unknown, depth: number): unknown =>
  (typeof type === 'string' ? readScalar(reader, type) : readFields((before ?? emptyOf(type)) as Fields, reader, type, reader.uint32(), depth + 1));

/** One item, or numbers packed into one field. */
function readItems(list: unknown[], reader: WireReader, type: Scalar | MessageType, wireType: number, depth: number): void {
  const isPacked = wireType === DELIMITED && typeof type === 'string' && type !== 's' && type !== 'y';
  if (!isPacked) { list.push(readOne(reader, type, undefined, depth)); return; }
  const end = reader.uint32() + reader.position;
  while (reader.position < end) list.push(readScalar(reader, type));
}

/** An entry of a map is a message of a key, 1, and a value, 2. */
function readEntry(map: Fields, reader: WireReader, type: Scalar): void {
  let key = '';
  let value = zeroOf(type);
  const end = reader.uint32() + reader.position;
  while (reader.position < end) {
    const { number } = reader.tag();
    if (number === 1) key = reader.string();
    else if (number === 2) value = readScalar(reader, type);
  }
  map[key] = value;
}

function readScalar(reader: WireReader, type: Scalar): unknown {
  switch (type) {
    case 's': return reader.string();
    case 'y': return reader.bytes();
    case 'b': return reader.bool();
    case 'u': return reader.uint32();
    case 'U': return reader.uint64();
    case 'i': return reader.int32();
  }
}
