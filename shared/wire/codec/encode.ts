import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf';
import type { Chosen, Fields } from './layout.ts';
import { isZero, layoutOf } from './layout.ts';
import type { Field, MessageType, Scalar } from './message-type.ts';
import { DELIMITED, VARINT } from './wire-type.ts';
import { WireWriter } from './wire-writer.ts';

/**
 * The bytes of a message: those that protobuf-es' `toBinary(schema, create(schema, init))` writes, every one (codec.test.ts).
 * What is left out of `init`, or undefined, is not set.
 *
 * @throws Error for a number that its type cannot hold
 */
export const encode = <Desc extends DescMessage>(type: MessageType<Desc>, init: MessageInitShape<Desc>): Uint8Array => {
  const writer = new WireWriter();
  writeFields(writer, type, init);
  return writer.finish();
};

function writeFields(writer: WireWriter, type: MessageType, message: Fields): void {
  for (const field of layoutOf(type).fields) writeField(writer, field, message);
}

function writeField(writer: WireWriter, [number, name, type, presence, oneof = '']: Field, message: Fields): void {
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

function writeOne(writer: WireWriter, number: number, type: Scalar | MessageType, value: unknown): void {
  if (typeof type !== 'string') { writer.delimited(number, () => { writeFields(writer, type, value as Fields); }); return; }
  writer.tag(number, isLong(type) ? DELIMITED : VARINT);
  writeScalar(writer, type, value);
}

function writeList(writer: WireWriter, number: number, type: Scalar | MessageType, list: readonly unknown[]): void {
  if (typeof type !== 'string' || isLong(type)) { for (const item of list) writeOne(writer, number, type, item); return; }
  if (list.length === 0) return;
  writer.delimited(number, () => { for (const item of list) writeScalar(writer, type, item); });
}

/** Of an entry both are written, zero or not. */
function writeMap(writer: WireWriter, number: number, type: Scalar, map: Fields): void {
  for (const [key, value] of Object.entries(map)) {
    writer.delimited(number, () => {
      writeOne(writer, 1, 's', key);
      writeOne(writer, 2, type, value);
    });
  }
}

const isLong = (type: Scalar): boolean => type === 's' || type === 'y';

/** What it is, the types of `encode` say. */
function writeScalar(writer: WireWriter, type: Scalar, value: unknown): void {
  switch (type) {
    case 's': { writer.string(value as string); return; }
    case 'y': { writer.bytes(value as Uint8Array); return; }
    case 'b': { writer.bool(value as boolean); return; }
    case 'u': { writer.uint32(value as number); return; }
    case 'U': { writer.uint64(value as bigint); return; }
    case 'i': { writer.int32(value as number); }
  }
}
