import { DELIMITED, END_GROUP, FIXED32, FIXED64, START_GROUP, VARINT } from './wire-type.ts';

/** Seven bits to a byte; the tenth has what is left of 64. */
const MAX_VARINT_BYTES = 10;
/** A tag has 32 bits: five bytes, of which the last has four. */
const MAX_TAG_BYTES = 5;
const MAX_LAST_OF_TAG = 0x0f;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads Protobuf's wire format (https://protobuf.dev/programming-guides/encoding/). All of it throws where the bytes are not what is read. */
export class WireReader {
  readonly #bytes: Uint8Array;
  #position = 0;
  /** The upper 32 bits of the number read last. */
  #high = 0;

  constructor(bytes: Uint8Array) { this.#bytes = bytes; }

  get position(): number { return this.#position; }

  /** The number of the next field, and how it is written. */
  tag(): { readonly number: number; readonly wireType: number } {
    const start = this.#position;
    const tag = this.uint32();
    const length = this.#position - start;
    if (length > MAX_TAG_BYTES || (length === MAX_TAG_BYTES && (this.#bytes[this.#position - 1] ?? 0) > MAX_LAST_OF_TAG)) throw new RangeError('a field\'s number is out of range');
    const [number, wireType] = [tag >>> 3, tag & 7];
    if (number === 0 || wireType > FIXED32) throw new RangeError(`there is no field ${number.toString()} of wire type ${wireType.toString()}`);
    return { number, wireType };
  }

  /** A longer number is cut to its lower bits, as the format has it. */
  uint32(): number {
    let low = 0;
    this.#high = 0;
    for (let at = 0; at < MAX_VARINT_BYTES; at += 1) {
      const byte = this.#bytes[this.#position];
      if (byte === undefined) throw new RangeError('the bytes end within a number');
      this.#position += 1;
      const bits = byte & 0x7f;
      const shift = 7 * at;
      if (shift < 32) low |= bits << shift;
      if (shift >= 32) this.#high |= bits << (shift - 32);
      else if (shift > 25) this.#high = bits >>> (32 - shift);
      if (byte < 0x80) return low >>> 0;
    }
    throw new RangeError(`a number is longer than ${MAX_VARINT_BYTES.toString()} bytes`);
  }

  int32(): number { return this.uint32() | 0; }

  uint64(): bigint {
    const low = this.uint32();
    const high = this.#high >>> 0;
    return high < 2 ** 21 ? BigInt(high * 2 ** 32 + low) : (BigInt(high) << 32n) | BigInt(low);
  }

  bool(): boolean { return this.uint32() !== 0 || this.#high !== 0; }

  /** A view of what is read. */
  bytes(): Uint8Array {
    const length = this.uint32();
    const start = this.#position;
    this.#advance(length);
    return this.#bytes.subarray(start, this.#position);
  }

  string(): string { return utf8.decode(this.bytes()); }

  /** Goes past a field whose tag was read. @param depth how many groups may be within groups */
  skip({ number, wireType }: { readonly number: number; readonly wireType: number }, depth: number): void {
    switch (wireType) {
      case VARINT: { this.#skipVarint(); return; }
      case FIXED64: { this.#advance(8); return; }
      case FIXED32: { this.#advance(4); return; }
      case DELIMITED: { this.#advance(this.uint32()); return; }
      case START_GROUP: { this.#skipGroup(number, depth); return; }
      default: throw new RangeError(`the end of a group ${number.toString()} that did not begin`);
    }
  }

  /** However long it is. */
  #skipVarint(): void {
    while ((this.#bytes[this.#position] ?? 0) >= 0x80) this.#position += 1;
    this.#advance(1);
  }

  #skipGroup(group: number, depth: number): void {
    if (depth <= 0) throw new RangeError('groups nest beyond the depth that may be');
    for (;;) {
      const tag = this.tag();
      if (tag.wireType !== END_GROUP) this.skip(tag, depth - 1);
      else if (tag.number === group) return;
      else throw new RangeError(`group ${group.toString()} ends as ${tag.number.toString()}`);
    }
  }

  #advance(length: number): void {
    if (this.#position + length > this.#bytes.length) throw new RangeError('the bytes end within a field');
    this.#position += length;
  }
}
