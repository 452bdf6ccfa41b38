import { isDeepStrictEqual } from 'node:util';
import type { Member } from '../model/ids.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import { knownClocks, peerRecords } from './known-members.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, agreedToJson, dropSettingsCache, loadSettings, readAgreed } from './settings.ts';
import { finishReshowing, intendToReshow } from './reshow.ts';

/** The settings in force and what each member asks for. */
const FIELDS: readonly (keyof SharedSettings)[] = ['mode', 'strategy', 'splitBrain', 'tombstoneTtlMs', 'ownershipMarks'];

/**
 * What must be equal everywhere is in force as the majority of the member list asks for it, as last heard; without a majority the
 * older stays (DESIGN §4, "Membership"). Who has left asks for nothing, and is no part of the list: that is noted here too, and for good.
 * Returns whether something changed.
 */
export async function settleSharedSettings(replica: Replica): Promise<boolean> {
  dropSettingsCache(replica);
  const { spec } = await loadSettings(replica);
  if (spec === undefined) return false;
  await finishReshowing(replica);
  const stored = readAgreed(await replica.store.document(DOCUMENTS.inForce));
  const left = await leavers(replica, stored?.left ?? []);
  const others = spec.members.map(({ name }) => name).filter((name) => !left.includes(name));
  const records = await peerRecords(replica);
  const asked = [spec.shared, ...others.map((member) => records.get(member)?.asks)].filter((asks) => asks !== undefined);
  const before = stored?.settings ?? spec.shared;
  const next = Object.fromEntries(FIELDS.map((field) => [field, majority(asked.map((asks) => asks[field]), others.length + 1) ?? before[field]])) as unknown as SharedSettings;
  const isOther = left.length !== (stored?.left.length ?? 0) || !isDeepStrictEqual(next, before);
  if (stored !== undefined && !isOther) return false;
  const isOtherStrategy = stored !== undefined && next.strategy !== before.strategy;
  if (isOtherStrategy) await intendToReshow(replica, before.strategy);
  await replica.store.putDocument(DOCUMENTS.inForce, agreedToJson({ settings: next, left }), undefined);
  dropSettingsCache(replica);
  if (isOtherStrategy) {
    replica.logger.info('strategy-in-force', { before: before.strategy, now: next.strategy });
    await finishReshowing(replica);
  }
  // Wakes the bridge: what it exchanges with its region may be other things from now on.
  if (isOther) await replica.events.publish({ kind: 'SpecChanged' });
  return isOther;
}

/** Settles anew where the ledger tells of somebody who has left since: no last heartbeat need have come. */
export async function noteLeavers(replica: Replica): Promise<void> {
  const { left } = await loadSettings(replica);
  const clocks = await replica.ledger.clocks();
  if ([...clocks.values()].some(({ state, member }) => state === 'left' && !left.includes(member))) await settleSharedSettings(replica);
}

/** Who had left, and who has since, by the ledger or by its own word. Nobody returns under the same name. */
async function leavers(replica: Replica, before: readonly Member[]): Promise<readonly Member[]> {
  const clocks = [...(await knownClocks(replica)).values()].filter(({ state }) => state === 'left').map(({ member }) => member);
  const news = clocks.filter((member) => !before.includes(member));
  for (const member of news) replica.logger.info('member-has-left', { member });
  return [...before, ...news];
}

/** The value that more than half of the list asks for. */
function majority<Value>(asked: readonly Value[], members: number): Value | undefined {
  return asked.find((value) => asked.filter((other) => isDeepStrictEqual(other, value)).length * 2 > members);
}

/** Fields in which a member asks for something else than is in force. */
export function disagreements(inForce: SharedSettings, asks: ReadonlyMap<Member, SharedSettings | undefined>): readonly { readonly member: Member; readonly field: keyof SharedSettings }[] {
  return [...asks].flatMap(([member, asked]) => (asked === undefined ? [] : FIELDS.filter((field) => !isDeepStrictEqual(asked[field], inForce[field])).map((field) => ({ member, field }))));
}
