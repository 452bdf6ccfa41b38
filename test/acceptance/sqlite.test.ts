import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SqliteMember } from '../../shared/adapters/sqlite/index.ts';
import { DatabaseFileError, openSqlite } from '../../shared/adapters/sqlite/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { LedgerFactory } from '../../shared/ports/ledger-acceptance.ts';
import { describeLedger } from '../../shared/ports/ledger-acceptance.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import type { StoreFactory } from '../../shared/ports/store-acceptance.ts';
import { STORE_MEMBER, describeLikeReference, describeStore } from '../../shared/ports/store-acceptance.ts';
import { ALPHA, clockAt, commitOf, create, firstStart, keyOf, keysOf } from '../../shared/ports/store-acceptance/fixtures.ts';
import { carry } from './carry-ledger.ts';
import { memoryStore } from './memory-store.ts';

const scratch = (): string => mkdtempSync(join(tmpdir(), 'novaedge-sqlite-'));

const sqliteStore: StoreFactory = async () => {
  const folder = scratch();
  // Without waiting for the disk; what that is worth is tested below.
  const { store, close } = openSqlite({ path: join(folder, 'member.db'), member: STORE_MEMBER, durability: 'process-crash' });
  return { store, close: async () => { close(); rmSync(folder, { recursive: true }); } };
};

const sqliteLedgers: LedgerFactory = async (members) => {
  const folder = scratch();
  const opened = new Map(members.map((member) => {
    const { store, ledger, close } = openSqlite({ path: join(folder, `${member}.db`), member });
    const changes: LedgerChange[] = [];
    ledger.onChange((change) => changes.push(change));
    return [member, { store, ledger, changes, close }];
  }));
  const close = async (): Promise<void> => {
    for (const replica of opened.values()) replica.close();
    rmSync(folder, { recursive: true });
  };
  return { replicas: opened, settle: async () => { carry([...opened.values()].map(({ ledger }) => ledger)); }, close };
};

describeStore('SqliteStore', sqliteStore);
describeLikeReference('SqliteStore', sqliteStore, memoryStore, { runs: 60, maxLength: 60 });
describeLedger('SqliteLedger', sqliteLedgers);

describe('a file of SqliteStore', () => {
  let folder: string;
  const opened: SqliteMember[] = [];
  const file = (name = 'member.db'): string => join(folder, name);
  const open = (name?: string): SqliteMember => {
    const member = openSqlite({ path: file(name), member: STORE_MEMBER });
    opened.push(member);
    return member;
  };
  const close = (): void => { for (const member of opened.splice(0)) member.close(); };
  const idOf = async (member: SqliteMember): Promise<string> => member.store.tableId();
  /** A file with one commit, closed; returns its identity. */
  const started = async (): Promise<string> => {
    const member = open();
    await member.store.startIncarnation(firstStart());
    await member.store.commit(commitOf([create(keyOf(0))], 0));
    const id = await idOf(member);
    close();
    return id;
  };
  const commitMore = async (): Promise<void> => {
    const { store } = open();
    const head = (await store.state()).clock?.head ?? 0;
    await store.commit(commitOf([create(keyOf(head))], head));
    close();
  };
  beforeEach(() => { folder = scratch(); });
  afterEach(() => { close(); rmSync(folder, { recursive: true }); });

  test('keeps its identity and all that is in it', async () => {
    const id = await started();
    await commitMore();

    const { store } = open();
    expect(await store.tableId()).toBe(id);
    expect((await store.state()).clock).toStrictEqual(clockAt(2));
    expect((await store.segments(ALPHA, 0, 10)).map((segment) => segment.last)).toStrictEqual([1, 2]);
  });

  test('copied back over a newer one has another identity, and keeps that', async () => {
    const id = await started();
    copyFileSync(file(), file('backup.db'));
    await commitMore();
    copyFileSync(file('backup.db'), file());

    const restored = await idOf(open());
    close();

    expect(restored).not.toBe(id);
    expect(await idOf(open())).toBe(restored);
  });

  test('copied back over an equal one is the same: nothing was lost', async () => {
    const id = await started();
    copyFileSync(file(), file('backup.db'));
    copyFileSync(file('backup.db'), file());

    expect(await idOf(open())).toBe(id);
  });

  test('changed by anything but a commit is newer, too', async () => {
    const id = await started();
    copyFileSync(file(), file('backup.db'));
    await open().store.putRow(create(keyOf(5)));
    close();
    copyFileSync(file('backup.db'), file());

    expect(await idOf(open())).not.toBe(id);
  });

  test('put elsewhere, alone or with the record beside it, has another identity', async () => {
    const id = await started();
    copyFileSync(file(), file('alone.db'));
    copyFileSync(file(), file('both.db'));
    copyFileSync(`${file()}-identity`, `${file('both.db')}-identity`);

    expect(await idOf(open('alone.db'))).not.toBe(id);
    expect(await idOf(open('both.db'))).not.toBe(id);
    expect(await idOf(open())).toBe(id);
  });

  test('is the same after a crash between a commit and the record of it', async () => {
    const id = await started();
    const record = readFileSync(`${file()}-identity`);
    await commitMore();
    writeFileSync(`${file()}-identity`, record);

    expect(await idOf(open())).toBe(id);
  });

  test.each(['', 'x', 'a b c', `${'0'.repeat(127)}\n`])('with a damaged record (%j) counts as another', async (record) => {
    const id = await started();
    writeFileSync(`${file()}-identity`, record);

    expect(await idOf(open())).not.toBe(id);
  });

  test('cut short within the record counts as another', async () => {
    const id = await started();
    const record = readFileSync(`${file()}-identity`);
    writeFileSync(`${file()}-identity`, record.subarray(0, 40));

    expect(await idOf(open())).not.toBe(id);
  });

  test('whose newest commits a power cut took shows as restored', async () => {
    const id = await started();
    const before = readFileSync(file());
    await commitMore();
    writeFileSync(file(), before);

    expect(await idOf(open())).not.toBe(id);
  });

  test('of a newer schema is refused, saying what to do', async () => {
    await started();
    const raw = new DatabaseSync(file());
    raw.exec('PRAGMA user_version = 99');
    raw.close();

    expect(() => open()).toThrow(DatabaseFileError);
    expect(() => open()).toThrow(/schema 99, this version knows up to 1: a newer NovaEdge wrote it/);
  });

  test('of another program is refused', () => {
    const raw = new DatabaseSync(file());
    raw.exec('CREATE TABLE theirs (a)');
    raw.close();

    expect(() => open()).toThrow(/another program's database/);
    expect(existsSync(`${file()}-identity`)).toBe(false);
  });

  test('can be backed up while it is open', async () => {
    const { store } = open();
    await store.startIncarnation(firstStart());
    await store.commit(commitOf(keysOf(5).map((key) => create(key)), 0));
    const reader = new DatabaseSync(file(), { readOnly: true });
    reader.exec(`VACUUM INTO '${file('backup.db')}'`);
    reader.close();
    await store.commit(commitOf([create(keyOf(9))], 5));

    const backup = open('backup.db');
    expect(await idOf(backup)).not.toBe(await store.tableId());
    expect((await backup.store.state()).clock?.head).toBe(5);
    expect((await backup.store.list(undefined, 10)).rows.size).toBe(5);
  });
});

describe('SqliteLedger', () => {
  let folder: string;
  const opened: SqliteMember[] = [];
  const open = (member: Member, name: string = member): SqliteMember => {
    // A clock that stands still: the order of versions must not hang on it.
    const one = openSqlite({ path: join(folder, `${name}.db`), member, nowMs: () => 1000 });
    opened.push(one);
    return one;
  };
  const [west, east, north] = [asMember('us-west'), asMember('eu-west'), asMember('eu-north')];
  beforeEach(() => { folder = scratch(); });
  afterEach(() => {
    for (const one of opened.splice(0)) one.close();
    rmSync(folder, { recursive: true });
  });

  test('gives changes in pages after a cursor, each item once at its newest', async () => {
    const { store, ledger } = open(west);
    await store.startIncarnation(firstStart());
    const first = ledger.changesAfter(undefined, 10);
    await store.commit(commitOf([create(keyOf(1))], 0));
    await ledger.putDelete({ member: west, key: keyOf(1), dot: { incarnation: ALPHA, counter: 1 }, row: { context: new Map(), siblings: [] } });

    const second = ledger.changesAfter(first.cursor, 1);
    const third = ledger.changesAfter(second.cursor, 1);

    expect(first.items.map(({ value }) => value.kind)).toStrictEqual(['clock']);
    expect([second.more, third.more]).toStrictEqual([true, false]);
    expect([...second.items, ...third.items].map(({ value }) => value.kind)).toStrictEqual(['clock', 'delete']);
    expect(ledger.changesAfter(third.cursor, 1)).toStrictEqual({ items: [], cursor: third.cursor, more: false });
  });

  test('carries items on through a third member', async () => {
    const [a, b, c] = [open(west), open(east), open(north)];
    await a.store.startIncarnation(firstStart());

    carry([a.ledger, b.ledger]);
    carry([b.ledger, c.ledger]);

    expect(await c.ledger.clocks()).toStrictEqual(new Map([[west, clockAt(0)]]));
  });

  test('restored from a backup: hears what others hold of it, keeps its own clock row, and is read anew and believed', async () => {
    let member = open(west);
    const other = open(east);
    await member.store.startIncarnation(firstStart());
    await member.store.commit(commitOf([create(keyOf(0))], 0));
    carry([member.ledger, other.ledger]);
    const cursor = member.ledger.changesAfter(undefined, 100).cursor;
    member.close();
    copyFileSync(join(folder, 'us-west.db'), join(folder, 'backup.db'));
    member = open(west);
    for (let head = 1; head < 4; head += 1) await member.store.commit(commitOf([create(keyOf(head))], head));
    carry([member.ledger, other.ledger]);
    member.close();
    copyFileSync(join(folder, 'backup.db'), join(folder, 'us-west.db'));

    member = open(west);
    expect((await member.store.state()).clock?.head).toBe(1);
    carry([member.ledger, other.ledger]);
    expect((await member.store.state()).clock?.head).toBe(1);
    expect((await member.ledger.myClockElsewhere())?.head).toBe(4);
    expect(member.ledger.changesAfter(cursor, 100).items.length).toBeGreaterThan(0);

    await member.store.startIncarnation(firstStart({ if: { incarnation: ALPHA, head: 1, state: 'serving' }, clock: clockAt(4, { state: 'recovering' }) }));
    carry([member.ledger, other.ledger]);
    expect((await other.ledger.clocks()).get(west)?.state).toBe('recovering');
    opened.splice(0);
    member.close();
    other.close();
  });
});
