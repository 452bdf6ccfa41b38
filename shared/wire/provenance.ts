import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Provenance as WireProvenance, ProvenanceSchema } from '../../proto/gen/novaedge/federation/v1/row_pb.ts';
import type { Path, Provenance } from '../model/row.ts';
import type { Write } from '../model/stamp.ts';
import { dotKey } from '../model/version-vector.ts';
import type { DictionaryReader, DictionaryWriter } from './dictionary.ts';
import { MAX_FIELD_PATHS } from './limits.ts';
import { requireSet } from './values.ts';
import { WireError } from './wire-error.ts';

interface Touched { readonly write: Write; readonly set: Path[]; readonly removed: Path[] }

/** Paths by the write that was the last to touch them: a version has many paths and few writers. */
export function writeProvenance(dictionary: DictionaryWriter, fields: Provenance): MessageInitShape<typeof ProvenanceSchema> {
  const byWrite = new Map<string, Touched>();
  const touchedBy = (write: Write): Touched => {
    const name = `${dotKey(write.dot)}@${write.stamp.ms.toString()}.${write.stamp.counter.toString()}.${write.stamp.member}`;
    const touched = byWrite.get(name) ?? { write, set: [], removed: [] };
    byWrite.set(name, touched);
    return touched;
  };
  for (const [path, write] of fields.set) touchedBy(write).set.push(path);
  for (const [path, write] of fields.removed) touchedBy(write).removed.push(path);
  return {
    base: dictionary.write(fields.base),
    by: [...byWrite.values()].map(({ write, set, removed }) => ({ write: dictionary.write(write), set, removed })),
  };
}

/** @throws WireError */
export function readProvenance(dictionary: DictionaryReader, field: string, message: WireProvenance | undefined): Provenance {
  const { base, by } = requireSet(field, message, 'who wrote the fields');
  const set = new Map<Path, Write>();
  const removed = new Map<Path, Write>();
  let paths = 0;
  for (const [at, touched] of by.entries()) {
    const write = dictionary.write(`${field}.by[${at.toString()}].write`, touched.write);
    paths += touched.set.length + touched.removed.length;
    if (paths > MAX_FIELD_PATHS) throw new WireError(field, `names ${paths.toString()} paths`, `at most ${MAX_FIELD_PATHS.toString()}`);
    for (const path of touched.set) set.set(path, write);
    for (const path of touched.removed) removed.set(path, write);
  }
  const names = new Set([...set.keys(), ...removed.keys()]);
  if (names.size !== paths) throw new WireError(field, 'names a path twice', 'each path once, set or removed');
  return { base: dictionary.write(`${field}.base`, base), set, removed };
}
