import type { LogName } from '../../model/ids.ts';
import { asLocalLog } from '../../model/ids.ts';
import type { LogSegment } from '../../model/log.ts';
import { laterStamp, zeroStamp } from '../../model/stamp.ts';
import type { Stamp } from '../../model/stamp.ts';
import type { VersionVector } from '../../model/version-vector.ts';
import type { LocalHead, Seen } from '../../ports/store.ts';
import { decodeSegment, encodeSegment } from '../stored/segment-codec.ts';
import { decodeStamp, encodeStamp } from '../stored/small-codecs.ts';
import { blob, count, text } from './columns.ts';
import type { Database, ResultRow } from './database.ts';

/** Segments, and how far this region is. */
export class LogTables {
  readonly #database: Database;

  constructor(database: Database) { this.#database = database; }

  append(segment: LogSegment): void {
    this.#database.run('INSERT OR REPLACE INTO segments (log, last, first, bytes) VALUES (?, ?, ?, ?)', segment.log, segment.last, segment.first, encodeSegment(segment));
  }

  after(log: LogName, after: number, limit: number): readonly LogSegment[] {
    return this.#database.all('SELECT bytes FROM segments WHERE log = ? AND last > ? ORDER BY last, first LIMIT ?', log, after, limit).map((row) => decodeSegment(log, blob(row, 'bytes')));
  }

  newest(log: LogName): LogSegment | undefined {
    const row = this.#database.get('SELECT bytes FROM segments WHERE log = ? ORDER BY last DESC, first DESC LIMIT 1', log);
    return row && decodeSegment(log, blob(row, 'bytes'));
  }

  dropBelowFloor(log: LogName, limit: number): number {
    return this.#database.run(
      `DELETE FROM segments WHERE log = ?1 AND (last, first) IN
         (SELECT last, first FROM segments WHERE log = ?1 AND last <= (SELECT counter FROM floors WHERE log = ?1) ORDER BY last, first LIMIT ?2)`, log, limit);
  }

  seen(): Seen {
    return { others: this.#vector('others'), maxStamp: this.#maxStamp(), floors: this.#vector('floors') };
  }

  counterOf(log: LogName): number { return count(this.#database.get('SELECT coalesce((SELECT counter FROM others WHERE log = ?), 0) AS counter', log), 'counter'); }

  setOthers(others: VersionVector): void {
    for (const [log, counter] of others) this.#database.run('INSERT INTO others VALUES (?, ?) ON CONFLICT DO UPDATE SET counter = excluded.counter', log, counter);
  }

  replaceOthers(others: VersionVector): void {
    this.#database.run('DELETE FROM others');
    this.setOthers(others);
  }

  raiseMaxStamp(stamp: Stamp): void {
    const before = this.#maxStamp();
    const later = laterStamp(before, stamp);
    if (later !== before) this.#database.run('UPDATE region SET max_stamp = ?', encodeStamp(later));
  }

  raiseFloors(floors: VersionVector): void {
    for (const [log, counter] of floors) {
      // A vector has no entries of zero.
      if (counter > 0) this.#database.run('INSERT INTO floors VALUES (?, ?) ON CONFLICT DO UPDATE SET counter = max(counter, excluded.counter)', log, counter);
    }
  }

  local(): LocalHead | undefined {
    const row = this.#region();
    return row?.['local_log'] === null ? undefined : { log: asLocalLog(text(row, 'local_log')), head: count(row, 'local_head') };
  }

  setLocal({ log, head }: LocalHead): void { this.#database.run('UPDATE region SET local_log = ?, local_head = ?', log, head); }

  writableUntilMs(): number | undefined {
    const row = this.#region();
    return row?.['writable_until_ms'] === null ? undefined : count(row, 'writable_until_ms');
  }

  setWritableUntilMs(ms: number | undefined): void { this.#database.run('UPDATE region SET writable_until_ms = ?', ms ?? null); }

  #maxStamp(): Stamp {
    const row = this.#region();
    return row?.['max_stamp'] === null ? zeroStamp : decodeStamp(text(row, 'max_stamp'));
  }

  #region(): ResultRow | undefined { return this.#database.get('SELECT * FROM region'); }

  #vector<Log extends LogName>(table: 'others' | 'floors'): VersionVector<Log> {
    return new Map(this.#database.all(`SELECT log, counter FROM ${table}`).map((row) => [text(row, 'log') as Log, count(row, 'counter')] as const));
  }
}
