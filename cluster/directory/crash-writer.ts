import { openDirectoryCluster } from './directory-cluster.ts';
import { canonicalContent } from '../../shared/model/content.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import { realClock, realRandom } from '../bridge/test-federation.ts';

/**
 * A program for `crash.test.ts` to kill: writes, replaces and deletes without end, each object with a token that names its content,
 * and prints the resource versions it has been given.
 */
const [root = ''] = process.argv.slice(2);
const never = new AbortController().signal;
const cluster = await openDirectoryCluster({ root, clock: realClock, random: realRandom, logger: silentLogger });

async function write(name: string): Promise<void> {
  const key = resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name });
  for (let n = 0; ; n += 1) {
    const read = await cluster.read(key, never);
    if (read.kind === 'unknown') throw new Error(read.message);
    const { text, hash } = canonicalContent({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', spec: { turn: n, filler: 'x'.repeat(2000) } });
    const outcome = read.kind === 'gone' ? await cluster.write({ key, content: text, hash, token: `token of ${hash}`, replaces: undefined })
      : n % 5 === 4 ? await cluster.delete(key, read.object) : await cluster.write({ key, content: text, hash, token: `token of ${hash}`, replaces: read.object });
    if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome));
    const listed = await cluster.list({ resourceTypes: ['ProxyRoute'], excludeNamespaces: [], ownershipMarks: [] });
    process.stdout.write(`${listed.resourceVersion}\n`);
    if (n % 3 === 0) await realClock.sleep(1, never);
  }
}

await Promise.all(['a', 'b', 'c', 'd'].map(write));
