import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Chosen, Fields } from './layout.ts';
import { isZero, layoutOf } from './layout.ts';
import type { Field, MessageType, Scalar } from './message-type.ts';

/**
 * The bytes of a message: those that protobuf-es' `toBinary(schema, create(schema, init))` writes, every one (codec.test.ts).
 * What is left out of `init`, or undefined, is not set.
 *
 * @throws Error for a number that its type cannot hold
 */
export const encode = <Desc extends DescMessage>(type: MessageType<Desc>, init: MessageInitShape<Desc>): Uint8Array<ArrayBuffer> =>
  writeFields(new BinaryWriter(), type, init).finish();

function writeFields(writer: BinaryWriter, type: MessageType, message: Fields): BinaryWriter {
  for (const field of layoutOf(type).fields) writeField(writer, field, message);
  return writer;
}

function writeField(writer: BinaryWriter, [number, name, type, presence, oneof = '']: Field, message: Fields): void {
  switch (presence) {
    case '*': { writeList(writer, number, type, (message[name] ?? []) as readonly unknown[]); return; }
    case '#': { writeMap(writer, number, type as Scalar, (message[name] ?? {}) as Fields); return; }
    case '|': {
      const chosen = message[oneof] as Chosen | undefined;
      if (chosen?.case === name) writeOne(writer, number, type, chosen.value);
      return;
    }
    case '?':
    case undefined: {
      const value = message[name] ?? undefined;
      if (value === undefined || (presence === undefined && typeof type === 'string' && isZero(type, value))) return;
      writeOne(writer, number, type, value);
    }
  }
}

function writeOne(writer: BinaryWriter, number: number, type: Scalar | MessageType, value: unknown): void {
  if (typeof type !== 'string') { writeFields(writer.tag(number, WireType.LengthDelimited).fork(), type, value as Fields).join(); return; }
  writeScalar(writer.tag(number, isLong(type) ? WireType.LengthDelimited : WireType.Varint), type, value);
}

function writeList(writer: BinaryWriter, number: number, type: Scalar | MessageType, list: readonly unknown[]): void {
  if (typeof type !== 'string' || isLong(type)) { for (const item of list) writeOne(writer, number, type, item); return; }
  if (list.length === 0) return;
  writer.tag(number, WireType.LengthDelimited).fork();
  for (const item of list) writeScalar(writer, type, item);
  writer.join();
}

/** Of an entry both are written, zero or not. */
function writeMap(writer: BinaryWriter, number: number, type: Scalar, map: Fields): void {
  for (const [key, value] of Object.entries(map)) {
    writer.tag(number, WireType.LengthDelimited).fork();
    writeOne(writer, 1, 's', key);
    writeOne(writer, 2, type, value);
    writer.join();
  }
}

const isLong = (type: Scalar): boolean => type === 's' || type === 'y';

/** What it is, the types of `encode` say. */
function writeScalar(writer: BinaryWriter, type: Scalar, value: unknown): void {
  switch (type) {
    case 's': { writer.string(value as string); return; }
    case 'y': { writer.bytes(value as Uint8Array); return; }
    case 'b': { writer.bool(value as boolean); return; }
    case 'u': { writer.uint32(value as number); return; }
    case 'U': { writer.uint64(value as bigint); return; }
    case 'i': { writer.int32(value as number); }
  }
}
