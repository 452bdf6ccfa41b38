import { describe, expect, test } from 'vitest';
import type { PushRequest } from '../ports/peer.ts';
import { pushTo } from './push.ts';
import { Federation, never, noise, route } from './testing.ts';
import type { TestMember } from './testing.ts';

async function pair(): Promise<{ federation: Federation; us: TestMember; eu: TestMember; push: (since: number) => Promise<number> }> {
  const federation = await Federation.start();
  const [us, eu] = [federation.member('us'), federation.member('eu')];
  return { federation, us, eu, push: (since) => pushTo(us.replica, federation.peer(us.name, eu.name), since, never) };
}

describe('a push', () => {
  test('brings what was written since, and answers how far the peer is', async () => {
    const { us, eu, push } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await us.cluster.write(route('b'), { port: 2 });

    const head = await push(0);

    expect(head).toBe(2);
    expect(await eu.seen()).toEqual(await us.seen());
    expect(await eu.versions(route('b'))).toEqual([{ port: 2 }]);
  });

  test('of nothing new sends nothing', async () => {
    const { federation, us, push } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    await push(0);
    federation.fake('us', 'eu', { push: () => Promise.reject(new Error('was called')) });

    expect(await push(1)).toBe(1);
  });

  test('that starts beyond what the peer has is answered `gap`, and goes on from there', async () => {
    const { us, eu, push } = await pair();
    for (const name of ['a', 'b', 'c']) await us.cluster.write(route(name), { port: 1 });

    const head = await push(2);

    expect(head).toBe(3);
    expect(await eu.versions(route('a'))).toEqual([{ port: 1 }]);
  });

  test('that was lost is made up for by a pull [I10]', async () => {
    const { federation, us, eu, push } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    federation.cut('us', 'eu');
    await expect(push(0)).rejects.toThrow('cannot be reached');
    federation.heal();

    await eu.pullFrom('us');

    expect(await eu.seen()).toEqual(await us.seen());
  });

  test('carries own writes only', async () => {
    const { federation, us, eu, push } = await pair();
    await eu.cluster.write(route('theirs'), { port: 1 });
    await us.pullFrom('eu');
    await us.cluster.write(route('mine'), { port: 1 });
    const sent: PushRequest[] = [];
    const { push: through } = federation.peer(us.name, eu.name);
    federation.fake('us', 'eu', { push: (request, signal) => { sent.push(request); return through(request, signal); } });

    await push(0);

    expect(sent).toMatchObject([{ kind: 'page', page: { answers: [{ key: route('mine') }] } }]);
  });

  test('to a peer that cannot take it now stays where it was', async () => {
    const { federation, us, push } = await pair();
    await us.cluster.write(route('a'), { port: 1 });
    federation.fake('us', 'eu', { push: async () => ({ kind: 'deferred', reason: 'recovering' }) });

    expect(await push(0)).toBe(0);
  });

  test('brings large contents with it, as the receiver fetches them', async () => {
    const { us, eu, push } = await pair();
    const large = { blob: noise(70_000) };
    await us.cluster.write(route('a'), large);

    await push(0);

    expect(await eu.versions(route('a'))).toEqual([large]);
  });
});
