import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import type { Member } from '../model/ids.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import { peerRecords } from './known-members.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, dropSettingsCache, loadSettings } from './settings.ts';
import { finishReshowing, intendToReshow } from './reshow.ts';

/** The settings in force and what each member asks for. */
const FIELDS: readonly (keyof SharedSettings)[] = ['mode', 'strategy', 'splitBrain', 'tombstoneTtlMs', 'ownershipMarks'];

/**
 * What must be equal everywhere is in force as the majority of the member list asks for it, as last heard; without a majority the
 * older stays (DESIGN §4, "Membership"). Returns whether something changed.
 */
export async function settleSharedSettings(replica: Replica): Promise<boolean> {
  dropSettingsCache(replica);
  const { spec, others } = await loadSettings(replica);
  if (spec === undefined) return false;
  await finishReshowing(replica);
  const records = await peerRecords(replica);
  const asked = [spec.shared, ...others.map((member) => records.get(member)?.asks)].filter((asks) => asks !== undefined);
  const stored = (await replica.store.document(DOCUMENTS.inForce))?.value;
  const before = isObject(stored) ? (stored as unknown as SharedSettings) : spec.shared;
  const next = Object.fromEntries(FIELDS.map((field) => [field, majority(asked.map((asks) => asks[field]), others.length + 1) ?? before[field]])) as unknown as SharedSettings;
  if (stored !== undefined && isDeepStrictEqual(next, before)) return false;
  const isOtherStrategy = stored !== undefined && next.strategy !== before.strategy;
  if (isOtherStrategy) await intendToReshow(replica, before.strategy);
  await replica.store.putDocument(DOCUMENTS.inForce, next as unknown as Json, undefined);
  dropSettingsCache(replica);
  if (isOtherStrategy) {
    replica.logger.info('strategy-in-force', { before: before.strategy, now: next.strategy });
    await finishReshowing(replica);
  }
  const isChange = !isDeepStrictEqual(next, before);
  // Wakes the bridge: what it exchanges with its region may be other things from now on.
  if (isChange) await replica.events.publish({ kind: 'SpecChanged' });
  return isChange;
}

/** The value that more than half of the list asks for. */
function majority<Value>(asked: readonly Value[], members: number): Value | undefined {
  return asked.find((value) => asked.filter((other) => isDeepStrictEqual(other, value)).length * 2 > members);
}

/** Fields in which a member asks for something else than is in force. */
export function disagreements(inForce: SharedSettings, asks: ReadonlyMap<Member, SharedSettings | undefined>): readonly { readonly member: Member; readonly field: keyof SharedSettings }[] {
  return [...asks].flatMap(([member, asked]) => (asked === undefined ? [] : FIELDS.filter((field) => !isDeepStrictEqual(asked[field], inForce[field])).map((field) => ({ member, field }))));
}
