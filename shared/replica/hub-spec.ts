import { isObject } from '../model/content.ts';
import { FederationSpecError, parseFederation } from '../model/federation-spec.ts';
import { hasHub, specAtSpoke } from '../model/hub-spec.ts';
import type { Member } from '../model/ids.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, dropSettingsCache } from './settings.ts';

/** The hub's federation object on its way to the spokes, as JSON text; undefined at every other member, and while it is gone. */
export async function ownHubSpec(replica: Replica): Promise<string | undefined> {
  if (replica.identity.hub !== replica.identity.member) return undefined;
  const stored = (await replica.store.document(DOCUMENTS.federation))?.value;
  return isObject(stored) && typeof stored['manifest'] === 'string' && stored['removed'] !== true ? stored['manifest'] : undefined;
}

/**
 * Takes the hub's federation object out of its heartbeat. One that does not validate, is of another federation or does not list this
 * member is named in a condition, and the last good one stays.
 *
 * @returns whether another one is known now
 */
export async function noteHubSpec(replica: Replica, from: Member, manifest: string | undefined): Promise<boolean> {
  if (!hasHub(replica.identity) || from !== replica.identity.hub || manifest === undefined) return false;
  const document = await replica.store.document(DOCUMENTS.hub);
  const before = isObject(document?.value) ? document.value : {};
  if (before['manifest'] === manifest && before['problem'] === null) return false;
  const problem = problemOf(replica, manifest);
  if (problem !== undefined && before['problem'] === problem) return false;
  const next = problem === undefined ? { manifest, problem: null } : { ...before, problem };
  if ((await replica.store.putDocument(DOCUMENTS.hub, next, document?.revision ?? 'absent')) !== 'ok') return false;
  dropSettingsCache(replica);
  replica.logger.info('hub-spec', { hub: from, problem });
  return problem === undefined;
}

/** Why the hub's object cannot be followed here; undefined where it can. */
function problemOf(replica: Replica, manifest: string): string | undefined {
  const { federationId, hub = '', member } = replica.identity;
  try {
    const parsed: unknown = JSON.parse(manifest);
    if (!isObject(parsed)) return 'it is not an object';
    const spec = parseFederation(parsed, replica.limits.minimumTombstoneTtlMs);
    if (spec.federationId !== federationId) return `its federationID is "${spec.federationId}", this region serves "${federationId}"`;
    if (spec.localMember.name !== hub) return `its localMember is "${spec.localMember.name}", not the hub`;
    return specAtSpoke(spec, member) === undefined ? `its members do not list ${member}` : undefined;
  } catch (error) {
    return error instanceof FederationSpecError ? error.problems.map(({ message }) => message).join('; ') : 'it is not JSON';
  }
}
