import { OWNERSHIP_MARKS } from '../model/federated-part.ts';
import type { Filter } from '../model/federated-part.ts';
import { hasHub } from '../model/hub-spec.ts';
import type { Member } from '../model/ids.ts';
import type { Replica } from './replica.ts';
import type { Settings } from './settings.ts';
import { loadSettings } from './settings.ts';

/** Whether this member only follows a hub: in hub-spoke only the hub commits federated kinds (DESIGN §4, "Filters"). */
export const isSpoke = (replica: Replica, settings: Settings): boolean =>
  settings.inForce?.mode === 'hub-spoke' && hasHub(replica.identity);

/**
 * The peers that are let in: the members of the list that have not left. Before there is one nobody (undefined), but at a spoke its hub, whose heartbeat
 * brings it (DESIGN §9).
 */
export async function peersLetIn(replica: Replica): Promise<ReadonlySet<Member> | undefined> {
  const { spec, left } = await loadSettings(replica);
  // Whoever has left still answers those that stay.
  if (spec !== undefined) return new Set(spec.members.map(({ name }) => name).filter((name) => !left.includes(name)));
  const { hub } = replica.identity;
  return hub !== undefined && hasHub(replica.identity) ? new Set([hub]) : undefined;
}

/** What the cluster exchanges with its region. Nothing, before there is a spec. */
export const filterInForce = (settings: Settings): Filter => ({
  resourceTypes: settings.spec?.sync.resourceTypes ?? ['Nothing.invalid'],
  excludeNamespaces: settings.spec?.sync.excludeNamespaces ?? [],
  ownershipMarks: settings.inForce?.ownershipMarks ?? OWNERSHIP_MARKS,
});
