import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asMember } from '../../model/ids.ts';
import { openSqlite } from './index.ts';

let folder: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'novaedge-sqlite-')); });
afterEach(() => { rmSync(folder, { recursive: true, force: true }); });

test('a state that was read stands until anything is written, here or by another process', async () => {
  const open = (): ReturnType<typeof openSqlite> => openSqlite({ path: join(folder, 'us.sqlite'), member: asMember('us'), durability: 'process-crash' });
  const [here, elsewhere] = [open(), open()];
  try {
    const first = await here.store.state();
    expect(await here.store.state()).toBe(first);
    await here.store.putWritableUntil(1);
    expect(await here.store.state()).toEqual({ ...first, writableUntilMs: 1 });
    expect(await elsewhere.store.state()).toEqual({ ...first, writableUntilMs: 1 });
    await elsewhere.store.putWritableUntil(2);
    expect(await here.store.state()).toEqual({ ...first, writableUntilMs: 2 });
    expect((await here.store.picture([])).writableUntilMs).toBe(2);
  } finally {
    here.close();
    elsewhere.close();
  }
});
