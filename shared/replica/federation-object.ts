import { ContentError, isObject } from '../model/content.ts';
import type { JsonObject } from '../model/content.ts';
import { isInDomains } from '../model/endpoint.ts';
import type { FederationSpec } from '../model/federation-spec.ts';
import { FederationSpecError } from '../model/federation-spec.ts';
import type { Condition, PutFederationRequest, PutFederationResponse } from '../ports/region.ts';
import { callingCluster } from './cluster-identity.ts';
import { departureOf } from './departure.ts';
import { settleSharedSettings } from './shared-settings.ts';
import { filterInForce, isSpoke } from './policy.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, dropSettingsCache, loadSettings, specOf } from './settings.ts';
import type { Settings } from './settings.ts';

/**
 * Takes the cluster's NovaEdgeFederation object (DESIGN §9). One that does not validate is refused as a whole, with the fields
 * named in a condition, and the last good one stays in force. Its removal pauses the member; a spoke follows its hub's then.
 */
export async function putFederationObject(replica: Replica, request: PutFederationRequest): Promise<PutFederationResponse> {
  await callingCluster(replica, request);
  const stored = await replica.store.document(DOCUMENTS.federation);
  const before = isObject(stored?.value) ? stored.value : undefined;
  if (request.manifest === undefined) {
    if (before !== undefined && before['removed'] !== true) {
      await put(replica, { ...before, removed: true, problem: null });
      await replica.events.publish({ kind: 'SpecChanged' });
    }
    await settleSharedSettings(replica);
    return respond(replica, true);
  }
  const isInForce = before?.['manifest'] === request.manifest && before['removed'] !== true && before['problem'] === null && before['generation'] === request.generation && request.schemaGaps.length === 0;
  const outcome = isInForce ? 'in-force' : await judge(replica, request, request.manifest);
  if (typeof outcome !== 'string') {
    await put(replica, { manifest: request.manifest, generation: request.generation, removed: false, problem: null });
    await replica.events.publish({ kind: 'SpecChanged' });
  } else if (!isInForce) {
    if (before?.['problem'] !== outcome) await put(replica, { ...(before ?? {}), problem: outcome });
    return respond(replica, false);
  }
  // Each time: the handler that took the change may have died before it got here.
  await settleSharedSettings(replica);
  return respond(replica, true);
}

async function put(replica: Replica, value: JsonObject): Promise<void> {
  await replica.store.putDocument(DOCUMENTS.federation, value, undefined);
  dropSettingsCache(replica);
}

/** The spec, or `Reason: what is wrong and what is accepted`. */
async function judge(replica: Replica, request: PutFederationRequest, manifest: string): Promise<FederationSpec | string> {
  if (request.schemaGaps.length > 0) return `SchemaTooOld: the cluster's definition of NovaEdgeFederation lacks ${request.schemaGaps.join(', ')}; install the current definitions`;
  let spec: FederationSpec;
  try {
    spec = specOf(replica, manifest);
  } catch (error) {
    if (error instanceof FederationSpecError) return `Invalid: ${error.problems.map(({ message }) => message).join('; ')}`;
    if (error instanceof ContentError) return `Invalid: the manifest's ${error.message}`;
    throw error;
  }
  return identityProblem(replica, spec) ?? (await membershipProblem(replica, spec)) ?? spec;
}

function identityProblem({ identity }: Replica, spec: FederationSpec): string | undefined {
  if (spec.federationId !== identity.federationId) return `IdentityMismatch: spec.federationID is "${spec.federationId}", this region serves "${identity.federationId}"; a federation is not renamed, leave it and set up another`;
  if (spec.localMember.name !== identity.member) return `IdentityMismatch: spec.localMember.name is "${spec.localMember.name}", this region serves "${identity.member}"; a member is not renamed, leave with the one and join with the other`;
  if (spec.shared.mode === 'hub-spoke' && identity.hub === undefined) return 'Invalid: spec.mode is hub-spoke, but this region was deployed without the name of the hub';
  return endpointProblem(identity.peerDomains ?? [], spec);
}

/** A spec must not make a region call whomever it likes: where it may was said at deploy time (DESIGN §9). */
function endpointProblem(domains: readonly string[], spec: FederationSpec): string | undefined {
  const outside = spec.members.flatMap(({ name, endpoint }, at) => (isInDomains(endpoint, domains) ? [] : [`spec.members[${at.toString()}].endpoint of ${name} is "${endpoint}"`]));
  return outside.length === 0 ? undefined : `EndpointNotAllowed: ${outside.join(', ')}; this region was deployed to call hosts in ${domains.join(', ')}`;
}

/** The member list of the first spec is fixed, but that whoever has left may be taken out. */
async function membershipProblem(replica: Replica, spec: FederationSpec): Promise<string | undefined> {
  const { spec: current, left } = await loadSettings(replica);
  if (current === undefined) return undefined;
  const listed = current.members.map(({ name }) => name);
  const wanted = spec.members.map(({ name }) => name);
  const added = wanted.filter((name) => !listed.includes(name));
  const missing = listed.filter((name) => !wanted.includes(name) && !left.includes(name));
  if (added.length + missing.length === 0) return undefined;
  return `MembershipFixed: spec.members ${[...added.map((name) => `adds ${name}`), ...missing.map((name) => `lacks ${name}`)].join(', ')}; the list of the first accepted spec stays in force`;
}

async function respond(replica: Replica, accepted: boolean): Promise<PutFederationResponse> {
  const settings = await loadSettings(replica);
  const departure = await departureOf(replica, settings);
  return {
    accepted: accepted && settings.spec !== undefined,
    member: replica.identity.member,
    federationId: replica.identity.federationId,
    paused: settings.paused || settings.spec === undefined || departure !== undefined,
    mode: settings.inForce?.mode ?? 'mesh',
    isHub: !isSpoke(replica, settings),
    filter: filterInForce(settings),
    conditions: await specConditions(replica),
    cleanUp: departure?.cleanUp === 'asked',
  };
}

/** Conditions that come of the federation object alone. */
export async function specConditions(replica: Replica): Promise<readonly Condition[]> {
  const value = (await replica.store.document(DOCUMENTS.federation))?.value;
  const problem = isObject(value) && typeof value['problem'] === 'string' ? value['problem'] : undefined;
  const settings = await loadSettings(replica);
  const { spec, from } = settings;
  const conditions: Condition[] = await departureConditions(replica, settings);
  if (problem !== undefined) {
    const [reason = 'Invalid', ...message] = problem.split(': ');
    conditions.push({ type: 'ConfigurationValid', status: 'False', reason, message: `${message.join(': ')}${spec === undefined ? '' : '; the last good spec stays in force'}` });
  } else if (spec !== undefined) {
    conditions.push({ type: 'ConfigurationValid', status: 'True', reason: spec.warnings.length > 0 ? 'Warnings' : 'Valid', message: spec.warnings.join('; ') || 'the spec is in force' });
  }
  conditions.push(...(await hubConditions(replica, from)));
  const { fencingEnabled, quorumRequired } = spec?.shared.splitBrain ?? { fencingEnabled: false, quorumRequired: false };
  if ((fencingEnabled || quorumRequired) && (await replica.store.state()).writableUntilMs === undefined) {
    conditions.push({ type: 'FencingNotActive', status: 'True', reason: 'NotEnforced', message: `spec.splitBrain asks for ${fencingEnabled ? 'fencing' : 'quorum'}, but nothing moves the write lease of this region yet: writes are not fenced during a partition` });
  }
  return conditions;
}

/** Who has left: this member, or others that the spec still lists. */
async function departureConditions(replica: Replica, settings: Settings): Promise<Condition[]> {
  const departure = await departureOf(replica, settings);
  if (departure !== undefined) {
    const told = { 'not-asked': 'its cluster keeps all objects', asked: 'its cluster removes what came from others', done: 'its cluster has removed what came from others' }[departure.cleanUp];
    return [{ type: 'Left', status: 'True', reason: 'LeftFederation', message: `${replica.identity.member} left the federation at ${new Date(departure.leftAtMs).toISOString()}; ${told}` }];
  }
  const listed = settings.spec?.members.map(({ name }) => name).filter((name) => settings.left.includes(name)) ?? [];
  return listed.length === 0 ? [] : [{ type: 'MembersLeft', status: 'True', reason: 'StillListed', message: `${listed.join(', ')} ${listed.length === 1 ? 'has' : 'have'} left the federation: nobody waits for ${listed.length === 1 ? 'it' : 'them'} any more, and spec.members need not list ${listed.length === 1 ? 'it' : 'them'}` }];
}

/** At a spoke: whose spec is in force, and what is wrong with the one the hub sends. */
async function hubConditions(replica: Replica, from: Settings['from']): Promise<readonly Condition[]> {
  const { hub = '' } = replica.identity;
  const value = (await replica.store.document(DOCUMENTS.hub))?.value;
  const problem = isObject(value) && typeof value['problem'] === 'string' ? value['problem'] : undefined;
  return [
    ...(from === 'hub' ? [{ type: 'FollowsHub', status: 'True', reason: 'NoOwnObject', message: `there is no NovaEdgeFederation in this cluster: that of the hub, ${hub}, is in force` } as const] : []),
    ...(problem === undefined ? [] : [{ type: 'HubSpecValid', status: 'False', reason: 'Invalid', message: `the NovaEdgeFederation of the hub, ${hub}, cannot be followed: ${problem}` } as const]),
  ];
}
