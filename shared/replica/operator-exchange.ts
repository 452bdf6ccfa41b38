import type { Member } from '../model/ids.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Operator } from '../ports/operator.ts';
import type { Peer } from '../ports/peer.ts';
import { reconcileWith } from './anti-entropy.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { pullFrom } from './sync.ts';

/** What an operator has a region do with its peers, now. Apart from all else, which calls nobody. */
export type OperatorExchange = Pick<Operator, 'syncNow' | 'reconcile'>;

export const operatorExchangeOf = (replica: Replica): OperatorExchange => ({
  syncNow: async (member, signal) => Promise.all((await peersNamed(replica, member)).map((peer) => pullFrom(replica, peer, signal))),
  reconcile: async (member, signal) => Promise.all((await peersNamed(replica, member)).map((peer) => reconcileWith(replica, peer, signal))),
});

/** One peer, or all. @throws ReplicaError `not-found` naming those there are */
async function peersNamed(replica: Replica, member: Member | undefined): Promise<readonly Peer[]> {
  const { others } = await loadSettings(replica);
  if (member !== undefined && !others.includes(member)) throw new ReplicaError('not-found', `${member} is no peer of ${replica.identity.member}; peers are ${others.join(', ') || 'none'}`);
  return others.filter((name) => member === undefined || name === member).map((name) => replica.peers.peer(name)).filter((peer) => peer !== undefined);
}
