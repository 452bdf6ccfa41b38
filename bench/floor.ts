import { join } from 'node:path';
import { ConnectPeer } from '../shared/adapters/connect/index.ts';
import { openSqlite } from '../shared/adapters/sqlite/index.ts';
import type { SqliteMember } from '../shared/adapters/sqlite/index.ts';
import { typicalRow } from '../shared/adapters/stored/typical-row.ts';
import type { Member } from '../shared/model/ids.ts';
import type { HeldRow } from '../shared/model/row.ts';
import { ReplicaError } from '../shared/ports/errors.ts';
import type { Page, PushRequest, PushResult } from '../shared/ports/peer.ts';
import { FLOOR_LOG, FloorStore, segmentOf } from './floor-store.ts';
import type { MemberTls } from './pair.ts';
import { FEDERATION, HOST, ORIGIN, OTHER } from './pair.ts';
import { monotonicMs } from './samples.ts';
import { benchApp, benchServer } from './server.ts';
import { routeKey } from './writer.ts';

const never = new AbortController().signal;
/** Rows that are written again and again, as the product's are. */
const FLOOR_ROWS = 1000;
/** The local part of a row that came from elsewhere. */
const BARE: HeldRow['local'] = { revision: 1, changedAtMs: 0, offLog: undefined, conflictSinceMs: undefined, shown: undefined, observed: undefined, fromOthers: false };

const openFile = (member: Member, folder: string): SqliteMember => openSqlite({ path: join(folder, `${member}-floor.db`), member, durability: 'process-crash' });
const notHere = (): Promise<never> => Promise.reject(new ReplicaError('unsupported', 'the floor only takes rows'));
const numberOf = (key: string): number => Number(key.slice(key.lastIndexOf('-') + 1));

/** The far end of the floor: a server that only stores what comes. */
export async function startFloorServer(member: Member, tls: MemberTls, folder: string): Promise<{ readonly endpoint: string; stop(): Promise<void> }> {
  const sqlite = openFile(member, folder);
  const floor = await FloorStore.start(sqlite.store, member);
  const push = async (_caller: Member, request: PushRequest): Promise<PushResult> => {
    if (request.kind !== 'page') return notHere();
    await floor.put(request.page.answers.flatMap(({ key, answer }) => (answer.kind === 'row' ? [[numberOf(key), { ...answer.row, local: BARE }] as const] : [])));
    return { kind: 'applied', seen: request.page.upTo };
  };
  const server = await benchServer(benchApp(member, tls, { peer: { pull: notHere, heartbeat: notHere, compareDigests: notHere, fetchRows: notHere, fetchContents: notHere, push } }), tls);
  return {
    endpoint: `${HOST}:${server.port.toString()}`,
    stop: async () => {
      await server.stop(100);
      sqlite.close();
    },
  };
}

/**
 * The least that carrying changes can cost in this layout: one store transaction here, one Connect call with the same rows in it,
 * one store transaction there. No rules, no joins, no reads.
 */
export class Floor {
  readonly #sqlite: SqliteMember;
  readonly #store: FloorStore;
  readonly #peer: ConnectPeer;
  #next = 0;
  #sent = 0;

  private constructor(sqlite: SqliteMember, store: FloorStore, peer: ConnectPeer) {
    this.#sqlite = sqlite;
    this.#store = store;
    this.#peer = peer;
  }

  static async open({ cert, key, authority }: MemberTls, folder: string, endpoint: string): Promise<Floor> {
    const peer = new ConnectPeer({ federationId: FEDERATION, member: OTHER, endpoint, tls: () => ({ cert, key, ca: authority, serverName: OTHER }) });
    const sqlite = openFile(ORIGIN, folder);
    return new Floor(sqlite, await FloorStore.start(sqlite.store, ORIGIN), peer);
  }

  /** Carries so many rows; answers how long it took, in milliseconds. */
  async carry(count: number): Promise<number> {
    const rows = Array.from({ length: count }, (_, at) => (this.#next + at) % FLOOR_ROWS).map((number) => [number, typicalRow(number)] as const);
    this.#next += count;
    const segment = segmentOf(this.#sent + 1, rows);
    this.#sent += count;
    const page: Page = {
      kind: 'page', from: ORIGIN, since: new Map(), upTo: new Map([[FLOOR_LOG, this.#sent]]), segments: [segment], more: false,
      answers: rows.map(([number, { context, siblings }]) => ({ key: routeKey(number), answer: { kind: 'row', row: { context, siblings } } })),
    };
    const startedMs = monotonicMs();
    await this.#store.put(rows);
    await this.#peer.push({ kind: 'page', page }, never);
    return monotonicMs() - startedMs;
  }

  close(): void {
    this.#peer.close();
    this.#sqlite.close();
  }
}
