import type { Member } from '../model/ids.ts';
import { covers } from '../model/version-vector.ts';
import { knownClocks, peerRecords } from './known-members.ts';
import { everWritten, seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';

/**
 * Whom this region pulls from: the other members, and of those that have left whoever still has something that is not here. One that was
 * made to leave may have been the only one that had it.
 */
export async function pulledFrom(replica: Replica): Promise<readonly Member[]> {
  const { spec, others, left } = await loadSettings(replica);
  if (left.length === 0 || left.includes(replica.identity.member)) return others;
  const [seen, clocks, records] = [seenOf(await replica.store.state()), await knownClocks(replica), await peerRecords(replica)];
  const isAhead = (member: Member): boolean => {
    const [clock, said] = [clocks.get(member), records.get(member)?.seen];
    return (clock !== undefined && !covers(seen, everWritten(clock))) || (said !== undefined && !covers(seen, said));
  };
  return [...others, ...left.filter((member) => spec?.members.some(({ name }) => name === member) === true && isAhead(member))];
}
