import { isObject, parseContent } from '../model/content.ts';
import type { FederationSpec } from '../model/federation-spec.ts';
import { parseFederation } from '../model/federation-spec.ts';
import type { Member } from '../model/ids.ts';
import type { SharedSettings } from '../model/shared-settings.ts';
import type { Replica } from './replica.ts';

/** What is in force at this region: its own spec, and the shared settings that the majority asks for. */
export interface Settings {
  /** The last good spec; undefined while the region is initializing. */
  readonly spec: FederationSpec | undefined;
  readonly generation: number;
  /** True also while the federation object is gone from the cluster. */
  readonly paused: boolean;
  readonly inForce: SharedSettings | undefined;
  /** The other members of the list. */
  readonly others: readonly Member[];
}

/** Read once a second at most: a changed spec is in force within that time (DESIGN §9). */
export const SETTINGS_LIFE_MS = 1000;

/** Where the settings last read are kept between calls of one process, and the manifest last parsed, which changes far less often. */
export interface SettingsCache {
  current: { readonly settings: Settings; readonly readAtMs: number } | undefined;
  parsed?: { readonly manifest: string; readonly spec: FederationSpec };
}

/** Documents of this room in the store. */
export const DOCUMENTS = { federation: 'federation', inForce: 'in-force', bridge: 'bridge', outbox: 'outbox', recovery: 'recovery', secret: 'secret', orphans: 'orphans', reshow: 'reshow', denied: 'denied' } as const;

const none: Settings = { spec: undefined, generation: 0, paused: false, inForce: undefined, others: [] };

/** The settings in force, at most SETTINGS_LIFE_MS old. */
export async function loadSettings(replica: Replica): Promise<Settings> {
  const cached = replica.settingsCache.current;
  const nowMs = replica.clock.nowMs();
  if (cached !== undefined && nowMs >= cached.readAtMs && nowMs - cached.readAtMs < SETTINGS_LIFE_MS) return cached.settings;
  const settings = await readSettings(replica);
  replica.settingsCache.current = { settings, readAtMs: nowMs };
  return settings;
}

/** Forgets what was cached, so that this process's own change is in force at once. */
export const dropSettingsCache = (replica: Replica): void => { replica.settingsCache.current = undefined; };

async function readSettings(replica: Replica): Promise<Settings> {
  const stored = (await replica.store.document(DOCUMENTS.federation))?.value;
  if (!isObject(stored) || typeof stored['manifest'] !== 'string') return none;
  const spec = specOf(replica, stored['manifest']);
  const agreed = (await replica.store.document(DOCUMENTS.inForce))?.value;
  return {
    spec,
    generation: typeof stored['generation'] === 'number' ? stored['generation'] : 0,
    paused: spec.paused || stored['removed'] === true,
    inForce: isObject(agreed) ? (agreed as unknown as SharedSettings) : spec.shared,
    others: spec.members.map((member) => member.name),
  };
}

/** The spec of a manifest that was accepted, parsed once. */
function specOf({ settingsCache, limits }: Replica, manifest: string): FederationSpec {
  if (settingsCache.parsed?.manifest !== manifest) settingsCache.parsed = { manifest, spec: parseFederation(parseContent(manifest), limits.minimumTombstoneTtlMs) };
  return settingsCache.parsed.spec;
}
