import type { Filter } from '../model/federated-part.ts';
import type { Replica } from './replica.ts';
import type { Settings } from './settings.ts';

/** Whether this member only follows a hub: in hub-spoke only the hub commits federated kinds (DESIGN §4, "Filters"). */
export const isSpoke = (replica: Replica, settings: Settings): boolean =>
  settings.inForce?.mode === 'hub-spoke' && replica.identity.hub !== undefined && replica.identity.hub !== replica.identity.member;

/** What the cluster exchanges with its region. Nothing, before there is a spec. */
export const filterInForce = (settings: Settings): Filter => ({
  resourceTypes: settings.spec?.sync.resourceTypes ?? ['Nothing.invalid'],
  excludeNamespaces: settings.spec?.sync.excludeNamespaces ?? [],
});
