import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRegion } from '../connection/connect-region.ts';
import { TestFederation } from '../testing/federation.ts';
import type { Ran } from '../testing/test-host.ts';
import { testHost } from '../testing/test-host.ts';

// One member leaves, step by step.
let federation: TestFederation;
const novactl = (...words: readonly string[]): Promise<Ran> => testHost({
  workingFolder: federation.folder, environment: { NOVACTL_CONFIG: federation.configPath }, nowMs: () => Date.now(), connect: async (options) => connectRegion(options),
}).run(...words);
const applyAt = (context: string, name: string): Promise<Ran> => testHost({
  stdin: `{"apiVersion":"novaedge.io/v1alpha1","kind":"ProxyRoute","metadata":{"name":"${name}"},"spec":{"hostnames":["${name}.example.com"]}}`,
  workingFolder: federation.folder, environment: { NOVACTL_CONFIG: federation.configPath }, nowMs: () => Date.now(), connect: async (options) => connectRegion(options),
}).run('apply', '-f', '-', '--context', context);

beforeAll(async () => {
  federation = new TestFederation(['us-west', 'eu-west']);
  await federation.start('LastWriterWins');
  await applyAt('us-west', 'own');
  await applyAt('eu-west', 'theirs');
  await federation.settle();
  const cluster = federation.cluster('us-west');
  await cluster.follow();
  await federation.settle();
});
afterAll(() => federation.stop());

test('without --confirm leave says what it would do, and does nothing', async () => {
  expect(await novactl('federation', 'leave', '--cleanup')).toEqual({ code: 0, err: '', out: `us-west would leave the federation for good: the others go on without it, and it does not return under this name.
1 object of its own stays in its cluster.
1 object came from other members, and is removed from the cluster:
  ProxyRoute/default/theirs
Nothing was changed. To do it: novactl federation leave --cleanup --confirm us-west
` });
  expect((await novactl('federation', 'leave')).out).toContain('1 object came from other members, and is kept as well; --cleanup removes them:\n');
  expect(JSON.parse((await novactl('federation', 'leave', '-o', 'json')).out)).toEqual({ member: 'us-west', left: false, obstacles: [], cleanup: 'not-asked', fromOthers: 1, examples: ['ProxyRoute/default/theirs'], own: 1 });
});

test('another member\'s name, or a wait that is none, is an error', async () => {
  expect(await novactl('federation', 'leave', '--confirm', 'eu-west')).toMatchObject({ code: 2, err: expect.stringContaining('confirm: is "eu-west", expected the name of the member that leaves, "us-west"') });
  expect(await novactl('federation', 'leave', '--confirm', 'us-west', '--wait', 'long')).toMatchObject({ code: 2, err: expect.stringContaining('--wait') });
});

test('a member stays while another lacks what it has', async () => {
  await applyAt('us-west', 'late');

  expect(await novactl('federation', 'leave', '--confirm', 'us-west', '--wait', '100ms')).toEqual({
    code: 7, out: '', err: 'waiting: eu-west has not said yet that it has 1 of the changes that are here\nerror: us-west has not left: eu-west has not said yet that it has 1 of the changes that are here. --force leaves all the same\n',
  });
  expect((await novactl('federation', 'status')).out).toContain('Phase: Healthy');
});

test('then it leaves, says so at every look, and its cluster is still to be cleaned up by the bridge', async () => {
  await federation.settle();
  await federation.settle();

  expect(await novactl('federation', 'leave', '--cleanup', '--confirm', 'us-west', '--wait', '100ms')).toMatchObject({
    code: 7, out: 'us-west has left the federation; its cluster removes what came from others\n', err: expect.stringContaining('us-west has left, and 1 object of its cluster is still to be removed: its bridge does that while it runs.'),
  });
  expect((await novactl('federation', 'status')).out).toContain('Phase: Left');
  expect((await novactl('federation', 'leave')).out).toContain('us-west has left the federation.\n');
  expect(await applyAt('us-west', 'after')).toMatchObject({ code: 6, err: expect.stringContaining('us-west has left the federation and takes no writes') });
  await federation.settle();
  expect((await novactl('federation', 'status', '--context', 'eu-west')).out).toContain('us-west has left the federation: nobody waits for it any more');
});
