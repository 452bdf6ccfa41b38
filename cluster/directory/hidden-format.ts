import * as z from 'zod';
import { asClusterId, asHash } from '../../shared/model/ids.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { parseResourceKey } from '../../shared/model/resource-key.ts';
import type { Remembered } from './hidden-file.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/).transform(asHash);
const decimal = z.string().regex(/^-?\d+$/).transform(BigInt);
const counter = z.int().nonnegative();
const intent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('live'), hash, token: z.string(), via: z.string().optional() }),
  z.object({ kind: z.literal('gone') }),
]);
const record = z.object({
  uid: z.string().min(1),
  version: counter,
  hash: hash.optional(),
  token: z.string().optional(),
  file: z.string().min(1),
  intent: intent.optional(),
}).transform(({ uid, version, hash: seen, token, file, intent: planned }) => ({ uid, version, hash: seen, token, file, intent: planned }));

const hidden = z.object({
  format: z.literal(1),
  clusterId: z.string().regex(/^[A-Za-z0-9-]{1,64}$/).transform(asClusterId),
  self: z.object({ inode: decimal, bornNs: decimal }),
  epoch: counter,
  counter,
  federation: z.object({ hash: hash.optional(), generation: counter, file: z.string().optional() })
    .transform(({ hash: seen, generation, file }) => ({ hash: seen, generation, file })),
  departed: z.record(z.string(), z.object({ uid: z.string(), token: z.string().optional() }).transform(({ uid, token }) => ({ uid, token }))).default({}),
  objects: z.record(z.string(), record),
});

/** Reads the hidden file; undefined when it is damaged in any way: then nothing in it is believed. */
export function parseHidden(text: string): Remembered | undefined {
  try {
    const { objects, departed, ...head } = hidden.parse(JSON.parse(text));
    return { ...head, objects: byKey(objects), departed: byKey(departed) };
  } catch {
    return undefined;
  }
}

const byKey = <T>(entries: Readonly<Record<string, T>>): ReadonlyMap<ResourceKey, T> =>
  new Map(Object.entries(entries).map(([key, value]) => [parseResourceKey(key), value]));
