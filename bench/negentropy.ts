import { nip77 } from 'nostr-tools';

/** What a comparison cost until every difference was known to a side: message bodies both ways, calls, processor time of both. */
export interface Cost { readonly bytes: number; readonly roundTrips: number; readonly cpuMs: number }

/** No frame is cut: cutting only adds round trips and fingerprints of what is left over. */
const NO_FRAME_LIMIT = Number.MAX_SAFE_INTEGER;
const HEX_PER_BYTE = 2;

type IdSet = InstanceType<typeof nip77.NegentropyStorageVector>;

/** A set as negentropy wants it. All have one timestamp, for which bounds are shortest: nothing in our rows orders them in time. */
export function sealedSet(ids: readonly string[]): IdSet {
  const set = new nip77.NegentropyStorageVector();
  for (const id of ids) set.insert(0, id);
  set.seal();
  return set;
}

/**
 * Two sets compared by negentropy (range-based set reconciliation, protocol version 1, as in nostr's NIP-77). Counted are raw bytes:
 * in nostr they travel as hexadecimal in JSON, at more than twice that. An id list is answered by nobody, so a difference is known
 * to the side that got the list and not to both.
 */
export function compareByNegentropy(here: IdSet, there: IdSet): Cost & { readonly found: number } {
  const [mine, theirs] = [new nip77.Negentropy(here, NO_FRAME_LIMIT), new nip77.Negentropy(there, NO_FRAME_LIMIT)];
  const found = new Set<string>();
  const note = (id: string): void => { found.add(id); };
  const before = process.cpuUsage();
  let bytes = 0;
  let roundTrips = 0;
  for (let message: string | null = mine.initiate(); message !== null;) {
    roundTrips += 1;
    const answer = theirs.reconcile(message, note, note);
    bytes += (message.length + (answer?.length ?? HEX_PER_BYTE)) / HEX_PER_BYTE;
    message = answer === null ? null : mine.reconcile(answer, note, note);
  }
  const { user, system } = process.cpuUsage(before);
  return { bytes, roundTrips, cpuMs: (user + system) / 1000, found: found.size };
}
