import type { ClockRow } from '../../model/clock-row.ts';
import type { Member } from '../../model/ids.ts';
import { asMember } from '../../model/ids.ts';
import type { LedgerDelete } from '../../ports/ledger.ts';
import { decodeDelete, encodeDelete } from '../stored/ledger-codec.ts';
import type { ItemValue, ItemVersion, LedgerItem } from '../stored/ledger-item.ts';
import { clockId, isNewer, versionAfter } from '../stored/ledger-item.ts';
import { StoredFormatError } from '../stored/packed-bytes.ts';
import { decodeClock, encodeClock } from '../stored/small-codecs.ts';
import { blob, count, text } from './columns.ts';
import type { Database, ResultRow } from './database.ts';

/** The ledger's items in a member's own file. A change number rises with every item written or taken in. */
export class LedgerTable {
  readonly member: Member;
  readonly #database: Database;
  readonly #nowMs: () => number;

  constructor(database: Database, member: Member, nowMs: () => number) {
    this.#database = database;
    this.member = member;
    this.#nowMs = nowMs;
  }

  /** @throws RangeError for another member */
  requireOwn(member: Member): void {
    if (member !== this.member) throw new RangeError(`an item of ${member} cannot be written by ${this.member}: every item has one writer`);
  }

  clock(member: Member): ClockRow | undefined {
    const row = this.#database.get('SELECT value FROM ledger WHERE id = ?', clockId(member));
    return row && decodeClock(textOf(row));
  }

  clocks(): ReadonlyMap<Member, ClockRow> {
    const clocks = this.#database.all(`SELECT value FROM ledger WHERE kind = 'clock'`).map((row) => decodeClock(textOf(row)));
    return new Map(clocks.map((clock) => [clock.member, clock]));
  }

  deletes(): readonly LedgerDelete[] {
    return this.#database.all(`SELECT value FROM ledger WHERE kind = 'delete' ORDER BY id`).map((row) => decodeDelete(blob(row, 'value')));
  }

  has(id: string, kind: ItemValue['kind']): boolean { return this.#database.get('SELECT 1 FROM ledger WHERE id = ? AND kind = ?', id, kind) !== undefined; }

  /** Writes an item of the local member. A copy that others hold of it, newer than what was restored here, is outdone. */
  writeOwn(id: string, value: ItemValue): void {
    const here = this.#database.get('SELECT written_at_ms, sequence FROM ledger WHERE id = ?', id);
    const elsewhere = id === clockId(this.member) ? this.elsewhere() : undefined;
    const previous = newest(here && versionOf(here), elsewhere?.version);
    this.#put({ member: this.member, id, version: versionAfter(previous, this.#nowMs()), value });
  }

  /** Takes in an item of another replica if it is newer than what is here. My own clock row is only remembered as theirs. */
  takeIn(item: LedgerItem): boolean {
    if (item.id === clockId(this.member)) {
      this.#rememberElsewhere(item);
      return false;
    }
    const here = this.#database.get('SELECT written_at_ms, sequence FROM ledger WHERE id = ?', item.id);
    if (here !== undefined && !isNewer(item.version, versionOf(here))) return false;
    this.#put(item);
    return true;
  }

  /** My clock row as others hold it, with its version. */
  elsewhere(): { readonly version: ItemVersion; readonly clock: ClockRow } | undefined {
    const row = this.#database.get('SELECT written_at_ms, sequence, value FROM ledger_elsewhere');
    return row && { version: versionOf(row), clock: decodeClock(textOf(row)) };
  }

  changesAfter(change: number, limit: number): readonly { readonly change: number; readonly item: LedgerItem }[] {
    return this.#database.all('SELECT * FROM ledger WHERE change > ? ORDER BY change LIMIT ?', change, limit).map((row) => ({ change: count(row, 'change'), item: readItem(row) }));
  }

  /** Forgets that items were dropped, once that was long ago. */
  forgetDropped(beforeMs: number): void { this.#database.run(`DELETE FROM ledger WHERE kind = 'dropped' AND member = ? AND written_at_ms < ?`, this.member, beforeMs); }

  #put({ member, id, version, value }: LedgerItem): void {
    this.#database.run(
      `INSERT INTO ledger (id, member, kind, written_at_ms, sequence, change, value) VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(change), 0) + 1 FROM ledger), ?)
       ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, written_at_ms = excluded.written_at_ms, sequence = excluded.sequence, change = excluded.change, value = excluded.value`,
      id, member, value.kind, version.writtenAtMs, version.sequence, bytesOf(value));
  }

  #rememberElsewhere({ version, value }: LedgerItem): void {
    const known = this.elsewhere()?.version;
    if (value.kind !== 'clock' || (known !== undefined && !isNewer(version, known))) return;
    this.#database.run('INSERT OR REPLACE INTO ledger_elsewhere VALUES (1, ?, ?, ?)', version.writtenAtMs, version.sequence, bytesOf(value));
  }
}

const newest = (a: ItemVersion | undefined, b: ItemVersion | undefined): ItemVersion | undefined => (a === undefined || (b !== undefined && isNewer(b, a)) ? b : a);
const versionOf = (row: ResultRow): ItemVersion => ({ writtenAtMs: count(row, 'written_at_ms'), sequence: count(row, 'sequence') });
const textOf = (row: ResultRow): string => Buffer.from(blob(row, 'value')).toString();

function bytesOf(value: ItemValue): Buffer {
  switch (value.kind) {
    case 'clock': return Buffer.from(encodeClock(value.clock));
    case 'delete': return encodeDelete(value.delete);
    case 'dropped': return Buffer.alloc(0);
  }
}

function readItem(row: ResultRow): LedgerItem {
  return { member: asMember(text(row, 'member')), id: text(row, 'id'), version: versionOf(row), value: readValue(row) };
}

function readValue(row: ResultRow): ItemValue {
  const kind = text(row, 'kind');
  switch (kind) {
    case 'clock': return { kind, clock: decodeClock(textOf(row)) };
    case 'delete': return { kind, delete: decodeDelete(blob(row, 'value')) };
    case 'dropped': return { kind };
    default: throw new StoredFormatError('ledger item', `its kind is ${kind}`);
  }
}
