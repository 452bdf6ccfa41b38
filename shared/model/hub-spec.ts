import type { FederationSpec, LocalMember, RemoteMember } from './federation-spec.ts';
import type { Member } from './ids.ts';

/** Whether a member was deployed as a spoke of a hub. */
export const hasHub = ({ member, hub }: { readonly member: Member; readonly hub: Member | undefined }): boolean => hub !== undefined && hub !== member;

/**
 * What a spoke without a federation object works from (DESIGN §4, "Filters"): the hub's, seen from the spoke. Members, sync, filters,
 * strategy and health checks are the hub's; the hub is a member among the others, reached as the spoke is said to be.
 *
 * @returns undefined where the hub's object does not list the spoke
 */
export function specAtSpoke(hub: FederationSpec, spoke: Member): FederationSpec | undefined {
  const listed = hub.members.find(({ name }) => name === spoke);
  if (listed === undefined) return undefined;
  const others = hub.members.filter(({ name }) => name !== spoke);
  return { ...hub, localMember: localOf(listed), members: [hubAsPeer(hub.localMember, listed), ...others], warnings: [] };
}

const localOf = ({ name, region, zone, endpoint, labels, priority }: RemoteMember): LocalMember => ({ name, region, zone, endpoint, labels, priority });

/** The hub is the first that agents turn to beside their own region. The name its certificate must carry is its host's, or its own. */
const hubAsPeer = ({ name, region, zone, endpoint, labels, priority }: LocalMember, { tls }: RemoteMember): RemoteMember => ({
  name, region, zone, endpoint, labels, priority: priority ?? 0, tls: { ...tls, serverName: undefined, insecureSkipVerify: false },
});
