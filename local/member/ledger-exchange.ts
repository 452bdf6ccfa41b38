import { Agent, request } from 'node:https';
import { decodeClock, encodeClock } from '../../shared/adapters/stored/small-codecs.ts';
import { decodeDelete, encodeDelete } from '../../shared/adapters/stored/ledger-codec.ts';
import type { LedgerCursor, LedgerItem, SqliteLedger } from '../../shared/adapters/sqlite/index.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { HttpAnswer, HttpApp } from '../../shared/rpc/http-call.ts';

/**
 * Carries ledger items between members' files, as a DynamoDB global table does between regions: each member reads the changes of
 * every other, waiting at the other's side until there is one: after a cursor, `/ledger/FEED/CHANGE`; without one, all there are at once.
 */
const LEDGER_PATH = '/ledger';
const ITEMS_PER_ANSWER = 200;
/** How long an answer waits for a change: shorter than the idle time of any relay. */
const WAIT_MS = 10_000;
const CALL_TIMEOUT_MS = WAIT_MS + 5000;
const RETRY_MS = 500;
/** After an answer, so that a burst of commits is one answer and not one each. The ledger is the backstop of pushes, never ahead of them. */
const REST_MS = 100;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

interface WireItem { readonly member: string; readonly id: string; readonly version: LedgerItem['version']; readonly kind: LedgerItem['value']['kind']; readonly body: string }
interface Answer { readonly items: readonly WireItem[]; readonly cursor: LedgerCursor; readonly more: boolean }

function toWire({ member, id, version, value }: LedgerItem): WireItem {
  const body = value.kind === 'clock' ? encodeClock(value.clock) : value.kind === 'delete' ? encodeDelete(value.delete).toString('base64') : '';
  return { member, id, version, kind: value.kind, body };
}

function fromWire({ member, id, version, kind, body }: WireItem): LedgerItem {
  const value: LedgerItem['value'] = kind === 'clock' ? { kind, clock: decodeClock(body) } : kind === 'delete' ? { kind, delete: decodeDelete(Buffer.from(body, 'base64')) } : { kind: 'dropped' };
  return { member: asMember(member), id, version, value };
}

interface LedgerSide {
  readonly ledger: SqliteLedger;
  readonly isPeer: (environment: unknown) => Promise<boolean>;
  /** Resolves when the ledger was written, or after `maxMs`. */
  readonly changed: (maxMs: number) => Promise<void>;
}

/** An app that serves this member's items to the others besides. */
export function withLedger(app: HttpApp, { ledger, isPeer, changed }: LedgerSide): HttpApp {
  const read = async (cursor: LedgerCursor | undefined): Promise<Answer> => {
    const deadlineMs = Date.now() + (cursor === undefined ? 0 : WAIT_MS);
    for (;;) {
      const waiting = changed(Math.max(0, deadlineMs - Date.now()));
      const { items, cursor: next, more } = ledger.changesAfter(cursor, ITEMS_PER_ANSWER);
      if (items.length > 0 || Date.now() >= deadlineMs) return { items: items.map(toWire), cursor: next, more };
      await waiting;
    }
  };
  return {
    serve: async (call, environment) => {
      const [, first, feed, change] = call.path.split('/');
      if (`/${first ?? ''}` !== LEDGER_PATH) return app.serve(call, environment);
      if (!(await isPeer(environment))) return answerOf(403, 'only members may read the ledger');
      return answerOf(200, await read(feed === undefined ? undefined : { feed: decodeURIComponent(feed), change: Number(change) }));
    },
  };
}

const answerOf = (status: number, value: Answer | string): HttpAnswer => ({ status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(value)) });

/** Reads one other member's items for ever. `onFirst` is told once it has answered. */
export async function followLedger(parts: { ledger: SqliteLedger; endpoint: string; tls: () => ClientTls; clock: Clock; logger: Logger; onFirst: () => void }, signal: AbortSignal): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let cursor: LedgerCursor | undefined;
  while (!signal.aborted) {
    try {
      const answer = await fetchChanges(parts.endpoint, parts.tls(), agent, cursor, signal);
      parts.ledger.applyRemote(answer.items.map(fromWire));
      if (cursor === undefined) parts.onFirst();
      cursor = answer.cursor;
      if (answer.items.length > 0 && !answer.more) await parts.clock.sleep(REST_MS, signal).catch(() => undefined);
    } catch (error) {
      parts.logger.debug('ledger-unreachable', { endpoint: parts.endpoint, reason: error instanceof Error ? error.message : String(error) });
      await parts.clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  }
  agent.destroy();
}

function fetchChanges(endpoint: string, tls: ClientTls, agent: Agent, cursor: LedgerCursor | undefined, signal: AbortSignal): Promise<Answer> {
  const after = cursor === undefined ? '' : `/${encodeURIComponent(cursor.feed)}/${cursor.change.toString()}`;
  return new Promise((resolve, reject) => {
    const call = request(`https://${endpoint}${LEDGER_PATH}${after}`, { agent, cert: tls.cert, key: tls.key, ca: tls.ca, servername: tls.serverName, timeout: CALL_TIMEOUT_MS, signal }, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        bytes += part.length;
        if (bytes > MAX_ANSWER_BYTES) call.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) { reject(new Error(`answered ${(response.statusCode ?? 0).toString()}`)); return; }
        resolve(JSON.parse(Buffer.concat(parts).toString()) as Answer);
      });
    });
    call.on('timeout', () => { call.destroy(new Error('no answer')); });
    call.on('error', reject);
    call.end();
  });
}
