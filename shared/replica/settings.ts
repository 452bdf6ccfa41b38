import { isObject, parseContent } from '../model/content.ts';
import type { Json, JsonObject } from '../model/content.ts';
import type { FederationSpec } from '../model/federation-spec.ts';
import { parseFederation } from '../model/federation-spec.ts';
import { hasHub, specAtSpoke } from '../model/hub-spec.ts';
import type { Member } from '../model/ids.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import type { StoredDocument } from '../ports/store.ts';
import type { Replica } from './replica.ts';

/** What is in force at this region: its own spec, and the shared settings that the majority asks for. */
export interface Settings {
  /** The last good spec; undefined while the region is initializing. */
  readonly spec: FederationSpec | undefined;
  readonly generation: number;
  /** True also while the federation object is gone from the cluster, unless there is a hub's to follow. */
  readonly paused: boolean;
  readonly inForce: SharedSettings | undefined;
  /** The other members of the list, without those that have left; none where this one has. */
  readonly others: readonly Member[];
  /** Members that have left for good, this one among them. */
  readonly left: readonly Member[];
  /** Whose federation object the spec is: a spoke without one of its own follows the hub's. */
  readonly from: 'own' | 'hub';
}

/** Read once a second at most: a changed spec is in force within that time (DESIGN §9). */
export const SETTINGS_LIFE_MS = 1000;

/** Documents of this room in the store. */
export const DOCUMENTS = { federation: 'federation', inForce: 'in-force', bridge: 'bridge', outbox: 'outbox', recovery: 'recovery', secret: 'secret', orphans: 'orphans', reshow: 'reshow', denied: 'denied', hub: 'hub-federation', departure: 'departure' } as const;

const none: Settings = { spec: undefined, generation: 0, paused: false, inForce: undefined, others: [], left: [], from: 'own' };

/** The settings in force, at most SETTINGS_LIFE_MS old. */
export async function loadSettings(replica: Replica): Promise<Settings> {
  const cached = replica.memory.settings;
  const nowMs = replica.clock.nowMs();
  if (cached !== undefined && nowMs >= cached.readAtMs && nowMs - cached.readAtMs < SETTINGS_LIFE_MS) return cached.settings;
  const settings = await readSettings(replica);
  replica.memory.settings = { settings, readAtMs: nowMs };
  return settings;
}

/** Forgets what was cached, so that this process's own change is in force at once. */
export const dropSettingsCache = (replica: Replica): void => { replica.memory.settings = undefined; };

async function readSettings(replica: Replica): Promise<Settings> {
  const value = (await replica.store.document(DOCUMENTS.federation))?.value;
  const stored: JsonObject = isObject(value) ? value : {};
  const isRemoved = stored['removed'] === true;
  const own = typeof stored['manifest'] === 'string' ? specOf(replica, stored['manifest']) : undefined;
  const hub = own === undefined || isRemoved ? specFromHub(replica, await replica.store.document(DOCUMENTS.hub)) : undefined;
  const spec = hub ?? own;
  if (spec === undefined) return none;
  const agreed = readAgreed(await replica.store.document(DOCUMENTS.inForce));
  const left = agreed?.left ?? [];
  return {
    spec,
    generation: typeof stored['generation'] === 'number' ? stored['generation'] : 0,
    paused: spec.paused || (hub === undefined && isRemoved),
    inForce: agreed?.settings ?? spec.shared,
    others: left.includes(replica.identity.member) ? [] : spec.members.map(({ name }) => name).filter((name) => !left.includes(name)),
    left,
    from: hub === undefined ? 'own' : 'hub',
  };
}

/** What the members have agreed on, as far as it has come here: the shared settings in force, and who has left. */
export interface Agreed { readonly settings: SharedSettings; readonly left: readonly Member[] }

export function readAgreed(document: StoredDocument | undefined): Agreed | undefined {
  if (!isObject(document?.value)) return undefined;
  const { left = [], ...settings } = document.value;
  return { settings: settings as unknown as SharedSettings, left: left as readonly Member[] };
}

export const agreedToJson = ({ settings, left }: Agreed): Json => ({ ...(settings as unknown as JsonObject), ...(left.length > 0 && { left }) });

/** The spec of a manifest, parsed once while it stays the same. @throws ContentError | FederationSpecError */
export function specOf({ memory, limits }: Replica, manifest: string): FederationSpec {
  if (memory.parsed?.manifest !== manifest) memory.parsed = { manifest, spec: parseFederation(parseContent(manifest), limits.minimumTombstoneTtlMs) };
  return memory.parsed.spec;
}

/** What the hub's object means here; undefined where none has come yet. */
function specFromHub(replica: Replica, document: StoredDocument | undefined): FederationSpec | undefined {
  const value = document?.value;
  if (!hasHub(replica.identity) || !isObject(value) || typeof value['manifest'] !== 'string') return undefined;
  return specAtSpoke(specOf(replica, value['manifest']), replica.identity.member);
}
