import type { Field, MessageType, Scalar } from './message-type.ts';

/** A message as its fields are set and read here: by the names of the table. */
export type Fields = Record<string, unknown>;
/** A `oneof` as protoc-gen-es has it. */
export interface Chosen { readonly case: string | undefined; readonly value?: unknown }

/** A table as it is read from: made once for each type that is used. */
interface Layout {
  readonly fields: readonly Field[];
  readonly byNumber: ReadonlyMap<number, Field>;
}

const layouts = new WeakMap<MessageType, Layout>();

export function layoutOf(type: MessageType): Layout {
  const known = layouts.get(type);
  if (known !== undefined) return known;
  const fields = type.fields();
  const layout = { fields, byNumber: new Map(fields.map((field) => [field[0], field])) };
  layouts.set(type, layout);
  return layout;
}

/** What a field without presence is when nobody set it; proto3 does not write it. */
export function zeroOf(type: Scalar): unknown {
  switch (type) {
    case 's': return '';
    case 'y': return new Uint8Array(0);
    case 'b': return false;
    case 'U': return 0n;
    case 'u':
    case 'i': return 0;
  }
}

export const isZero = (type: Scalar, value: unknown): boolean => (type === 'y' ? (value as Uint8Array).length === 0 : value === zeroOf(type));
