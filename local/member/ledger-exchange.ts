import { Agent, request } from 'node:https';
import { Hono } from 'hono';
import { decodeClock, encodeClock } from '../../shared/adapters/stored/small-codecs.ts';
import { decodeDelete, encodeDelete } from '../../shared/adapters/stored/ledger-codec.ts';
import type { LedgerCursor, LedgerItem, SqliteLedger } from '../../shared/adapters/sqlite/index.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';

/**
 * Carries ledger items between members' files, as a DynamoDB global table does between regions: each member reads the changes of
 * every other, waiting at the other's side until there is one.
 */
export const LEDGER_PATH = '/ledger';
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

/** Serves this member's items to the others. `changed` is told when the ledger was written. */
export function ledgerApp(ledger: SqliteLedger, isPeer: (environment: unknown) => Promise<boolean>, changed: { wait(maxMs: number): Promise<void> }): Hono {
  const app = new Hono();
  app.get(LEDGER_PATH, async (context) => {
    if (!(await isPeer(context.env))) return context.text('only members may read the ledger\n', 403);
    const feed = context.req.query('feed');
    const cursor = feed === undefined ? undefined : { feed, change: Number(context.req.query('change')) };
    const deadlineMs = Date.now() + (context.req.query('wait') === '0' ? 0 : WAIT_MS);
    for (;;) {
      const waiting = changed.wait(Math.max(0, deadlineMs - Date.now()));
      const { items, cursor: next, more } = ledger.changesAfter(cursor, ITEMS_PER_ANSWER);
      if (items.length > 0 || Date.now() >= deadlineMs) return context.json({ items: items.map(toWire), cursor: next, more } satisfies Answer);
      await waiting;
    }
  });
  return app;
}

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
  const query = cursor === undefined ? '?wait=0' : `?feed=${encodeURIComponent(cursor.feed)}&change=${cursor.change.toString()}`;
  return new Promise((resolve, reject) => {
    const call = request(`https://${endpoint}${LEDGER_PATH}${query}`, { agent, cert: tls.cert, key: tls.key, ca: tls.ca, servername: tls.serverName, timeout: CALL_TIMEOUT_MS, signal }, (response) => {
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
