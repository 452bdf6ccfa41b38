import { DELIMITED } from './wire-type.ts';

const FIRST_BYTES = 1024;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;
/** The longest varint: 64 bits, seven to a byte. */
const MAX_VARINT_BYTES = 10;
/** Of a length that fits into 32 bits. */
const MAX_LENGTH_BYTES = 5;

/** Writes Protobuf's wire format (https://protobuf.dev/programming-guides/encoding/), as far as the contract needs it. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #length = 0;

  /** What was written; it is not written to any more. */
  finish(): Uint8Array { return this.#bytes.subarray(0, this.#length); }

  tag(number: number, wireType: number): void { this.uint32(((number << 3) | wireType) >>> 0); }

  /** @throws RangeError for what is no such number, as all of these do */
  uint32(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32) throw new RangeError(`${String(value)} is no uint32`);
    this.#varint(value);
  }

  /** A negative one takes ten bytes, as if it had 64 bits. */
  int32(value: number): void {
    if (!Number.isInteger(value) || value !== (value | 0)) throw new RangeError(`${String(value)} is no int32`);
    if (value >= 0) this.#varint(value);
    else this.#longVarint(BigInt.asUintN(64, BigInt(value)));
  }

  uint64(value: bigint): void {
    if (typeof value !== 'bigint' || value < 0n || value > MAX_UINT64) throw new RangeError(`${String(value)} is no uint64`);
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.#varint(number);
    else this.#longVarint(value);
  }

  bool(value: boolean): void { this.#varint(value ? 1 : 0); }

  bytes(value: Uint8Array): void {
    this.uint32(value.length);
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** In UTF-8. */
  string(value: string): void {
    const length = Buffer.byteLength(value);
    this.uint32(length);
    this.#reserve(length);
    this.#length += this.#bytes.write(value, this.#length);
  }

  /** A field of bytes that `write` writes; their length, which is known after them, is put before, and they move up for it. */
  delimited(number: number, write: () => void): void {
    this.tag(number, DELIMITED);
    const start = this.#length;
    write();
    const length = this.#length - start;
    this.#reserve(MAX_LENGTH_BYTES);
    const room = lengthBytes(length);
    this.#bytes.copyWithin(start + room, start, this.#length);
    this.#length = start;
    this.#varint(length);
    this.#length += length;
  }

  /** A whole number that JavaScript holds exactly. */
  #varint(value: number): void {
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  #longVarint(value: bigint): void {
    this.#reserve(MAX_VARINT_BYTES);
    let rest = value;
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#length++] = Number(rest);
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** How many bytes a length takes. */
function lengthBytes(length: number): number {
  let bytes = 1;
  for (let rest = length; rest > 0x7f; rest >>>= 7) bytes += 1;
  return bytes;
}
