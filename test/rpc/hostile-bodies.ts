import type { OutgoingHttpHeaders } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { MAX_MESSAGE_BYTES } from '../../shared/wire/limits.ts';
import type { Method } from './requests.ts';

/** Numbers from a seed, so that a run can be had again (mulberry32). */
export class Dice {
  #state: number;
  constructor(seed: number) { this.#state = seed >>> 0; }
  /** From 0 to below 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  below(limit: number): number { return Math.floor(this.roll() * limit); }
  pick<T>(items: readonly [T, ...(readonly T[])]): T { return items[this.below(items.length)] ?? items[0]; }
  bytes(length: number): Buffer { return Buffer.from(Array.from({ length }, () => this.below(256))); }
}

export interface Hostile { readonly kind: string; readonly body: Uint8Array | string; readonly headers: OutgoingHttpHeaders }

const PROTO = { 'content-type': 'application/proto' };
const JSON_TYPE = { 'content-type': 'application/json' };

/** Kinds of hostile bodies, with how often each comes up. */
const KINDS: readonly (readonly [number, string, (dice: Dice, method: Method) => Omit<Hostile, 'kind'>])[] = [
  [6, 'nothing changed', (dice, { binary, json }) => (dice.roll() < 0.5 ? { body: binary, headers: PROTO } : { body: json, headers: JSON_TYPE })],
  [10, 'random bytes', (dice) => ({ body: dice.bytes(dice.below(200)), headers: PROTO })],
  [30, 'mutated message', (dice, { binary }) => ({ body: mutate(dice, Buffer.from(binary)), headers: PROTO })],
  [15, 'mutated JSON text', (dice, { json }) => ({ body: mutate(dice, Buffer.from(json)), headers: JSON_TYPE })],
  [25, 'mutated JSON values', (dice, { json }) => ({ body: JSON.stringify(mutateValue(dice, JSON.parse(json))), headers: JSON_TYPE })],
  [5, 'cut off', (dice, { binary, json }) => (dice.roll() < 0.5 ? { body: binary.subarray(0, dice.below(binary.length + 1)), headers: PROTO } : { body: json.slice(0, dice.below(json.length + 1)), headers: JSON_TYPE })],
  [3, 'nested deep', (dice) => {
    const depth = 10 ** dice.below(6);
    const open = dice.pick(['[', '{"a":', '{"page":', '{"dictionary":{"vectors":[{"logs":[']);
    return { body: open.repeat(Math.min(depth, 50_000)), headers: JSON_TYPE };
  }],
  [2, 'groups nested deep', (dice) => ({ body: Buffer.alloc(1 + dice.below(20_000), dice.pick([0x0b, 0x13, 0x1b])), headers: PROTO })],
  [4, 'another content type', (dice, { binary }) => ({ body: binary, headers: { 'content-type': dice.pick(['', 'text/html', 'application/grpc+proto', 'application/connect+json', 'application/json; charset=utf-16', 'multipart/form-data; boundary=x', 'application/proto, application/json', '../etc']) } })],
  [4, 'not what its encoding says', (dice, { binary }) => ({ body: binary, headers: { ...PROTO, 'content-encoding': dice.pick(['gzip', 'br', 'deflate', 'identity', 'x-unknown', 'gzip, br', 'GZIP']) } })],
  [4, 'mutated compressed', (dice, { binary }) => {
    const [encoding, bytes] = dice.pick([['gzip', gzipSync(binary)], ['br', brotliCompressSync(binary)]] as const);
    return { body: mutate(dice, bytes), headers: { ...PROTO, 'content-encoding': encoding } };
  }],
  [4, 'compressed well', (dice, { binary }) => ({ body: gzipSync(mutate(dice, Buffer.from(binary))), headers: { ...PROTO, 'content-encoding': 'gzip', 'accept-encoding': dice.pick(['gzip', 'br', '*', 'gzip;q=0', ',,,', 'identity']) } })],
  [4, 'odd headers', (dice, { binary }) => ({
    body: binary,
    headers: {
      ...PROTO, 'connect-protocol-version': dice.pick(['1', '2', 'x']), 'connect-timeout-ms': dice.pick(['1000', '-1', 'x', '99999999999', '9999999999', '1e3']), 'x-correlation-id': dice.pick(['ok', 'a b', 'x'.repeat(5000), '%00', '"']),
    },
  })],
  [0.3, 'longer than may be', (dice) => ({ body: Buffer.alloc(MAX_MESSAGE_BYTES + 1 + dice.below(1000)), headers: { ...PROTO, ...(dice.roll() < 0.5 && { 'transfer-encoding': 'chunked' }) } })],
  [0.3, 'bomb', (dice) => {
    const [encoding, body] = dice.pick([['gzip', GZIP_BOMB], ['br', BROTLI_BOMB]] as const);
    return { body, headers: { ...dice.pick([PROTO, JSON_TYPE]), 'content-encoding': encoding } };
  }],
  [0.3, 'many empty things', (dice) => ({ body: Buffer.alloc(2 * (1 + dice.below(300_000)), Buffer.from([dice.pick([0x0a, 0x12, 0x1a, 0x22, 0x2a]), 0])), headers: PROTO })],
];

const GZIP_BOMB = gzipSync(Buffer.alloc(32 * 1024 * 1024));
const BROTLI_BOMB = brotliCompressSync(Buffer.alloc(32 * 1024 * 1024));
const TOTAL = KINDS.reduce((sum, [weight]) => sum + weight, 0);

/** The next hostile body for a method. */
export function hostileBody(dice: Dice, method: Method): Hostile {
  let left = dice.roll() * TOTAL;
  for (const [weight, kind, make] of KINDS) {
    left -= weight;
    if (left < 0) return { kind, ...make(dice, method) };
  }
  return { kind: 'random bytes', body: dice.bytes(16), headers: PROTO };
}

/** A few changes of bytes: flipped, put in, taken out, doubled, moved, or the rest cut off. */
function mutate(dice: Dice, bytes: Buffer): Buffer {
  let mutated = bytes;
  for (let changes = 1 + dice.below(4); changes > 0; changes -= 1) {
    const at = dice.below(mutated.length + 1);
    const length = dice.below(8);
    mutated = dice.pick([
      () => Buffer.concat([mutated.subarray(0, at), Buffer.from([(mutated[at] ?? 0) ^ (1 << dice.below(8))]), mutated.subarray(at + 1)]),
      () => Buffer.concat([mutated.subarray(0, at), dice.bytes(length), mutated.subarray(at)]),
      () => Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + length)]),
      () => Buffer.concat([mutated.subarray(0, at + length), mutated.subarray(at)]),
      () => Buffer.concat([mutated.subarray(at), mutated.subarray(0, at)]),
      () => Buffer.concat([mutated.subarray(0, at), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), mutated.subarray(at)]),
      () => mutated.subarray(0, at),
    ])();
  }
  return mutated;
}

const ODD_VALUES: readonly [unknown, ...unknown[]] = [
  null, true, -1, 0, 1.5, 2 ** 53, '9007199254740992', '18446744073709551615', 1e308, '', 'x', 'x'.repeat(5000), '../..', 'a/b/c/d', '\u0000', '\ud800', 'novaedge.io/ProxyRoute/default/api', [], {}, [[[]]],
  { __proto__: null, constructor: 1 }, JSON.parse('{"__proto__": {"x": 1}}'), 'AAAA', '====', Array.from({ length: 300 }, () => 0), Array.from({ length: 300 }, () => ({})),
];

/** Puts something odd in the place of one value somewhere inside, or an odd field beside it. */
function mutateValue(dice: Dice, value: unknown): unknown {
  const isLeaf = typeof value !== 'object' || value === null || Object.keys(value).length === 0;
  if (isLeaf || dice.roll() < 0.15) return dice.pick(ODD_VALUES);
  if (Array.isArray(value)) {
    const at = dice.below(value.length);
    return dice.roll() < 0.2 ? [...(value as unknown[]), value[at]] : value.map((item: unknown, index) => (index === at ? mutateValue(dice, item) : item));
  }
  const entries = Object.entries(value);
  const at = dice.below(entries.length);
  if (dice.roll() < 0.1) return { ...value, [dice.pick(['', '__proto__', 'unknown', 'key', 'dictionary'])]: dice.pick(ODD_VALUES) };
  return Object.fromEntries(entries.map(([field, item], index) => [field, index === at ? mutateValue(dice, item) : item]));
}
