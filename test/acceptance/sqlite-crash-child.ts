// Commits in a loop and prints each head once its commit was answered; `sqlite-crash.test.ts` kills it.
import { writeSync } from 'node:fs';
import { openSqlite } from '../../shared/adapters/sqlite/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { RowPut } from '../../shared/ports/store.ts';
import { clockAt } from '../../shared/ports/store-acceptance/fixtures.ts';
import { commitOf, firstStart, keyOf, rowAt } from '../../shared/ports/store-acceptance/fixtures.ts';

const [path = '', durability] = process.argv.slice(2);
const { store } = openSqlite({ path, member: asMember('us-west'), durability: durability === 'power-cut' ? 'power-cut' : 'process-crash' });
await store.startIncarnation(firstStart({ clock: clockAt(0) }));
let head = (await store.state()).clock?.head ?? 0;
for (;;) {
  const keys = [0, 1, 2, 3].slice(0, 1 + (head % 4)).map((at) => keyOf((head * 7 + at) % 30));
  const rows = await store.rows(keys);
  const puts = keys.map((key): RowPut => {
    const revision = rows.get(key)?.local.revision;
    return { key, next: rowAt((revision ?? 0) + 1, 'x'.repeat((head * 37) % 3000)), if: revision ?? 'absent' };
  });
  if (await store.commit(commitOf(puts, head)) !== 'ok') throw new Error('a commit of the only writer was refused');
  head += puts.length;
  writeSync(1, `${head.toString()}\n`);
}
