import { createHash } from 'node:crypto';
import { asHash, asIncarnation, asMember } from '../shared/model/ids.ts';
import type { ResourceKey } from '../shared/model/ids.ts';
import type { Entry } from '../shared/model/merkle.ts';
import { entryOf } from '../shared/model/merkle.ts';
import type { Row } from '../shared/model/row.ts';
import { FEDERATION_LOGS } from './indexed-member.ts';
import { routeKey } from './writer.ts';

/**
 * How rows differ. `changed`: both sides have the resource, in different versions. `missing`: one side has it, in turns.
 * negentropy compares ids, so to it a changed row is two differences and a missing one is one.
 */
export type Kind = 'changed' | 'missing';

/** The same rows as both sides of a comparison hold them: ours by entries, negentropy's by ids of 32 bytes. */
export interface Side { readonly entries: readonly Entry[]; readonly ids: readonly string[] }

/** Two sides of so many rows, of which some differ, spread evenly. */
export function makeSides(rows: number, differences: number, kind: Kind): { readonly here: Side; readonly there: Side; readonly keys: ReadonlySet<ResourceKey> } {
  const every = differences === 0 ? Infinity : Math.floor(rows / differences);
  const [here, there]: [Side & { entries: Entry[]; ids: string[] }, Side & { entries: Entry[]; ids: string[] }] = [{ entries: [], ids: [] }, { entries: [], ids: [] }];
  const keys = new Set<ResourceKey>();
  const add = (side: { entries: Entry[]; ids: string[] }, number: number, version: number): void => {
    const entry = entryAt(number, version);
    side.entries.push(entry);
    side.ids.push(createHash('sha256').update(entry.key + entry.digest).digest('hex'));
  };
  for (let number = 0; number < rows; number += 1) {
    const isDifferent = number % every === 0 && keys.size < differences;
    if (isDifferent) keys.add(routeKey(number));
    if (!isDifferent || kind === 'changed') {
      add(here, number, 1);
      add(there, number, isDifferent ? 2 : 1);
    } else add(keys.size % 2 === 0 ? here : there, number, 1);
  }
  return { here, there, keys };
}

function entryAt(number: number, version: number): Entry {
  const dot = { incarnation: asIncarnation(FEDERATION_LOGS[number % FEDERATION_LOGS.length] ?? ''), counter: number + version };
  const row: Row = {
    context: new Map([[dot.incarnation, dot.counter]]),
    siblings: [{
      dot, stamp: { ms: 1_750_000_000_000, counter: 0, member: asMember('us-west') }, writerContext: new Map(), covers: [], origin: 'operator',
      body: { kind: 'live', hash: asHash(createHash('sha256').update(`${number.toString()} ${version.toString()}`).digest('hex')), content: undefined, bytes: 1000, fields: { base: { dot, stamp: { ms: 0, counter: 0, member: asMember('us-west') } }, set: new Map(), removed: new Map() } },
    }],
  };
  const entry = entryOf(routeKey(number), row);
  if (entry === undefined) throw new RangeError('a live row has an entry');
  return entry;
}
