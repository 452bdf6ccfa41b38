import { ConnectPeer } from '../shared/adapters/connect/index.ts';
import { keyHashOf } from '../shared/model/merkle.ts';
import { compareSummaries, findDifferences } from '../shared/replica/compare.ts';
import { peerHandlers } from '../shared/replica/peer-handlers.ts';
import type { Kind, Side } from './compare-sets.ts';
import { makeSides } from './compare-sets.ts';
import type { Traffic } from './counted-server.ts';
import { countedApp, countedRelay } from './counted-server.ts';
import { indexedMember } from './indexed-member.ts';
import type { Cost } from './negentropy.ts';
import { compareByNegentropy, sealedSet } from './negentropy.ts';
import type { MemberTls } from './pair.ts';
import { FEDERATION, ORIGIN, OTHER, issuePair } from './pair.ts';
import type { Goal, Section } from './report.ts';
import { atMost } from './report.ts';
import { benchApp, benchServer } from './server.ts';

/** A comparison that finds nothing: request and answer together. */
export const GOAL_SAME_BYTES = 64;
const never = new AbortController().signal;

/** One pair of sets, compared both ways: ours over real Connect, negentropy's by passing its messages on. */
export interface Compared { readonly rows: number; readonly differences: number; readonly kind: Kind; readonly ours: Cost & { readonly wireBytes: number }; readonly negentropy: Cost }

export interface Case { readonly rows: number; readonly differences: number; readonly kind: Kind }
const DIFFERENCES = [0, 1, 10, 100, 1000];
const casesOf = (rows: readonly number[], differences: readonly number[]): readonly Case[] =>
  rows.flatMap((count) => differences.flatMap((different): readonly Case[] => (different === 0
    ? [{ rows: count, differences: 0, kind: 'missing' }]
    : (['missing', 'changed'] as const).map((kind) => ({ rows: count, differences: different, kind })))));

/** What verifying two members against each other costs, beside negentropy on the same sets. */
export async function measureAntiEntropy(quick: boolean): Promise<Section> {
  const tls = await issuePair();
  const compared: Compared[] = [];
  for (const one of quick ? casesOf([1000], [0, 1, 10]) : casesOf([10_000, 100_000], DIFFERENCES)) compared.push(await compareBoth(one, tls));
  const goals: Goal[] = compared.flatMap(({ rows, differences, kind, ours, negentropy }) => [
    ...(differences === 0 ? [atMost(`bytes at no difference, ${rows.toString()} rows`, GOAL_SAME_BYTES, ours.bytes)] : []),
    atMost(`bytes / negentropy's, ${rows.toString()} rows, ${differences.toString()} ${kind}`, 1, ours.bytes / negentropy.bytes),
  ]);
  return {
    part: 'anti-entropy',
    notes: ['Counted until every differing resource is known by name: bodies of requests and answers as they travel over Connect, without the rows.\nWire: the same with HTTP headers and TLS records, the handshake left out. Processor time is of both sides together, indexes standing.\nnegentropy: raw messages, ids of 32 bytes, no frame limit, one timestamp; "changed" is two differences to it, an old id and a new one.'],
    tables: [{
      title: 'A comparison',
      columns: [
        { name: 'rows' }, { name: 'differences' }, { name: 'kind' }, { name: 'bytes' }, { name: 'negentropy' }, { name: 'ratio', digits: 2 }, { name: 'round trips' }, { name: 'negentropy' },
        { name: 'wire bytes' }, { name: 'CPU ms', digits: 1 }, { name: 'negentropy ms', digits: 1 },
      ],
      rows: compared.map(({ rows, differences, kind, ours, negentropy }) => [
        rows, differences, differences === 0 ? '-' : kind, ours.bytes, negentropy.bytes, ours.bytes / negentropy.bytes, ours.roundTrips, negentropy.roundTrips, ours.wireBytes, ours.cpuMs, negentropy.cpuMs,
      ]),
    }],
    goals,
  };
}

/** @throws Error where either finds other differences than there are */
export async function compareBoth({ rows, differences, kind }: Case, tls: Readonly<Record<'origin' | 'other', MemberTls>>): Promise<Compared> {
  const { here, there, keys } = makeSides(rows, differences, kind);
  const ours = await compareByIndex(here, there, new Set([...keys].map(keyHashOf)), tls);
  const negentropy = compareByNegentropy(sealedSet(here.ids), sealedSet(there.ids));
  const expected = differences * (kind === 'changed' ? 2 : 1);
  if (negentropy.found !== expected) throw new Error(`negentropy found ${negentropy.found.toString()} differences of ${expected.toString()}`);
  return { rows, differences, kind, ours, negentropy };
}

async function compareByIndex(here: Side, there: Side, expected: ReadonlySet<string>, tls: Readonly<Record<'origin' | 'other', MemberTls>>): Promise<Cost & { readonly wireBytes: number }> {
  const [mine, theirs] = [await indexedMember(ORIGIN, here.entries), await indexedMember(OTHER, there.entries)];
  const traffic: Traffic = { calls: 0, bodyBytes: 0, wireBytes: 0 };
  const server = await benchServer(countedApp(benchApp(OTHER, tls.other, { peer: peerHandlers(theirs) }), traffic), tls.other);
  const relay = await countedRelay(server.port, traffic);
  const { cert, key, authority } = tls.origin;
  const peer = new ConnectPeer({ federationId: FEDERATION, member: OTHER, endpoint: relay.endpoint, tls: () => ({ cert, key, ca: authority, serverName: OTHER }) });
  try {
    await peer.fetchContents({ wanted: [] }, never); // the handshake
    const start = { ...traffic };
    const before = process.cpuUsage();
    const found = new Set<string>();
    const compared = await compareSummaries(mine, peer, never);
    if (compared.kind === 'different') {
      const { keys, keyHashes } = await findDifferences(mine, peer, compared, Infinity, never);
      for (const hash of [...keys.map(keyHashOf), ...keyHashes]) found.add(hash);
    }
    const { user, system } = process.cpuUsage(before);
    if (found.size !== expected.size || ![...expected].every((hash) => found.has(hash))) throw new Error(`found ${found.size.toString()} differences, there are ${expected.size.toString()}`);
    return { bytes: traffic.bodyBytes - start.bodyBytes, roundTrips: traffic.calls - start.calls, wireBytes: traffic.wireBytes - start.wireBytes, cpuMs: (user + system) / 1000 };
  } finally {
    peer.close();
    relay.stop();
    await server.stop(0);
  }
}
