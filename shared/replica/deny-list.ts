import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import type { CertificateNames, DenyEntry } from '../model/deny-entry.ts';
import { denyEntriesOf, parseDenyEntry } from '../model/deny-entry.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { DeniedInfo } from '../ports/operator.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS, SETTINGS_LIFE_MS } from './settings.ts';

/** The list is one document, read whole: an entry has at most 1 KB, and a store's item 400. */
const MAX_ENTRIES = 300;
const ATTEMPTS = 10;

/** What was last read, by store: asked for every call, so it is read once a second at most, as the settings are. */
const cached = new WeakMap<object, { readonly entries: ReadonlySet<string>; readonly readAtMs: number }>();

/** Whether a certificate is on the deny list. An entry is in force everywhere in this region within a second. */
export async function isDenied(replica: Replica, certificate: CertificateNames): Promise<boolean> {
  const nowMs = replica.clock.nowMs();
  let known = cached.get(replica.store);
  if (known === undefined || nowMs < known.readAtMs || nowMs - known.readAtMs >= SETTINGS_LIFE_MS) {
    known = { entries: new Set((await readList(replica)).list.map(({ entry }) => entry)), readAtMs: nowMs };
    cached.set(replica.store, known);
  }
  const { entries } = known;
  return denyEntriesOf(certificate).some((entry) => entries.has(entry));
}

/** All entries, in the order they were made. */
export const listDenied = async (replica: Replica): Promise<readonly DeniedInfo[]> => (await readList(replica)).list;

/**
 * Denies whoever an entry names, from the next call on. Denied again, an entry keeps its time and gets the new reason.
 *
 * @throws ReplicaError `invalid` saying what an entry may be, `quota` where the list is full
 */
export async function deny(replica: Replica, text: string, reason: string): Promise<DeniedInfo> {
  const entry = entryOf(text);
  const now: DeniedInfo = { entry, reason, sinceMs: replica.clock.nowMs() };
  const { after } = await changeList(replica, (list) => {
    if (list.some((other) => other.entry === entry)) return list.map((other) => (other.entry === entry ? { ...other, reason } : other));
    if (list.length >= MAX_ENTRIES) throw new ReplicaError('quota', `the deny list is full (${MAX_ENTRIES.toString()} entries): take those out whose certificates have expired, or pin another authority`);
    return [...list, now];
  });
  replica.logger.info('denied', { entry, reason });
  return after.find((other) => other.entry === entry) ?? now;
}

/** Takes an entry off the list. @throws ReplicaError `invalid` */
export async function undeny(replica: Replica, text: string): Promise<'removed' | 'not-found'> {
  const entry = entryOf(text);
  const { before } = await changeList(replica, (list) => list.filter((other) => other.entry !== entry));
  if (!before.some((other) => other.entry === entry)) return 'not-found';
  replica.logger.info('denied-no-longer', { entry });
  return 'removed';
}

function entryOf(text: string): DenyEntry {
  try {
    return parseDenyEntry(text);
  } catch (error) {
    throw new ReplicaError('invalid', `entry: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function readList(replica: Replica): Promise<{ readonly list: readonly DeniedInfo[]; readonly revision: number | 'absent' }> {
  const document = await replica.store.document(DOCUMENTS.denied);
  if (document === undefined) return { list: [], revision: 'absent' };
  // A list that cannot be read lets nobody in, rather than everybody.
  if (!Array.isArray(document.value)) throw new TypeError('the deny list is damaged');
  return { list: (document.value as readonly Json[]).filter(isObject).map((item) => item as unknown as DeniedInfo), revision: document.revision };
}

async function changeList(replica: Replica, change: (list: readonly DeniedInfo[]) => readonly DeniedInfo[]): Promise<{ readonly before: readonly DeniedInfo[]; readonly after: readonly DeniedInfo[] }> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const { list, revision } = await readList(replica);
    const after = change(list);
    if ((await replica.store.putDocument(DOCUMENTS.denied, after.map((item): Json => ({ ...item })), revision)) !== 'ok') continue;
    cached.delete(replica.store);
    return { before: list, after };
  }
  throw new ReplicaError('busy', 'the deny list kept changing; send it again');
}
