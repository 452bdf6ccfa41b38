import { join } from 'node:path';
import { LocalEvents } from '../local/member/local-events.ts';
import { followLedger, withLedger } from '../local/member/ledger-exchange.ts';
import { PeerConnections } from '../shared/adapters/connect/index.ts';
import { Schedule } from '../local/member/schedule.ts';
import { openSqlite } from '../shared/adapters/sqlite/index.ts';
import { systemClock } from '../shared/adapters/system/index.ts';
import type { Member } from '../shared/model/ids.ts';
import { peerHandlers } from '../shared/replica/peer-handlers.ts';
import { ensureServing } from '../shared/replica/recover.ts';
import type { Replica } from '../shared/replica/replica.ts';
import { loadSettings } from '../shared/replica/settings.ts';
import { certificateOfSocket } from '../shared/rpc/certificate-sources.ts';
import { identify } from '../shared/rpc/identity.ts';
import type { MemberTls } from './pair.ts';
import { HOST, manifestOf } from './pair.ts';
import { benchReplica, loggerUntil } from './replica.ts';
import { benchApp, benchServer, policyOf } from './server.ts';
import { Watched } from './watched.ts';
import { Writer } from './writer.ts';

export interface RunningMember {
  readonly replica: Replica;
  readonly endpoint: string;
  readonly writer: Writer;
  readonly watched: Watched;
  /** Puts the spec that lists the other member in force and starts what a member does by itself. */
  join(other: { readonly member: Member; readonly endpoint: string }): Promise<void>;
  stop(): Promise<void>;
}

/** A member as `npm start` runs it (`local/member`), without the bridge and its folder: SQLite, API, ledger exchange, schedule. */
export async function startMember(member: Member, tls: MemberTls, folder: string): Promise<RunningMember> {
  const stopping = new AbortController();
  const sqlite = openSqlite({ path: join(folder, `${member}.db`), member, durability: 'process-crash' });
  const watched = new Watched(sqlite.store);
  const logger = loggerUntil(stopping.signal);
  const events = new LocalEvents(logger);
  const peers = new PeerConnections({ federationId: 'bench', tls: () => ({ cert: tls.cert, key: tls.key, ca: tls.authority }) });
  const replica = benchReplica({ member, store: sqlite.store, ledger: sqlite.ledger, peers, events, logger });
  const schedule = new Schedule(replica, stopping.signal);
  const isPeer = async (environment: unknown): Promise<boolean> =>
    (await identify(policyOf(member, tls), certificateOfSocket(environment), systemClock.nowMs()).catch(() => undefined))?.role === 'peer';
  const app = withLedger(benchApp(member, tls, { peer: peerHandlers(replica) }, logger), { ledger: sqlite.ledger, isPeer, changed: (maxMs) => waitUnlessStopped(events.arm().wait(maxMs, stopping.signal), stopping.signal) });
  const server = await benchServer(app, tls);
  await ensureServing(replica, stopping.signal);
  const writer = new Writer(replica);
  let following: Promise<void> = Promise.resolve();

  const join_ = async (other: { readonly member: Member; readonly endpoint: string }): Promise<void> => {
    await writer.start(manifestOf(member, other));
    peers.follow((await loadSettings(replica)).spec);
    events.onEvent((event) => { if (event.kind === 'Committed') schedule.committed(); });
    sqlite.ledger.onChange((change) => { if (change.kind === 'clock') schedule.doorbell(change.clock); });
    const first = new Promise<void>((onFirst) => {
      following = followLedger({ ledger: sqlite.ledger, endpoint: other.endpoint, tls: () => ({ cert: tls.cert, key: tls.key, ca: tls.authority, serverName: other.member }), clock: systemClock, logger, onFirst }, stopping.signal);
    });
    await first;
    schedule.start();
  };

  return {
    replica, writer, watched, endpoint: `${HOST}:${server.port.toString()}`,
    join: join_,
    stop: async () => {
      stopping.abort();
      await server.stop(100);
      peers.close();
      await Promise.all([schedule.ended(), following]);
      sqlite.close();
    },
  };
}

/** Whoever waits when the member stops waits for ever, so that nothing reads its file after it is closed. */
async function waitUnlessStopped(wait: Promise<void>, stopping: AbortSignal): Promise<void> {
  await wait;
  if (stopping.aborted) await new Promise(() => undefined);
}
