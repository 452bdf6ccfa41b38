import { describe, expect, test } from 'vitest';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { Observation } from '../../shared/ports/region.ts';
import { Committer } from './committer.ts';
import { COMMIT_GATHER_MS } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';

const observed = (name: string): Observation => ({ key: `g/K/n/${name}` as ResourceKey, uid: name, resourceVersion: '1', token: undefined, state: { kind: 'gone', confirmed: true } });

/** A committer whose waits are noted and over at once. */
function committing(isAlone: boolean): { readonly committer: Committer; readonly slept: number[]; readonly commits: string[][] } {
  const [slept, commits]: [number[], string[][]] = [[], []];
  const commit = ({ observations }: { readonly observations: readonly Observation[] }) => {
    commits.push(observations.map(({ uid }) => uid));
    return Promise.resolve({ kind: 'done', results: observations.map(({ key }) => ({ key, outcome: 'unchanged', target: undefined })) });
  };
  const committer = new Committer({
    region: { commit } as unknown as RegionCaller, sessions: { current: () => 's', renew: () => Promise.resolve('s') },
    clock: { nowMs: () => 0, sleep: (ms) => { slept.push(ms); return Promise.resolve(); } }, random: { bytes: (length) => new Uint8Array(length) },
    logger: silentLogger, signal: new AbortController().signal, isAlone: () => isAlone,
  });
  return { committer, slept, commits };
}

describe('a commit', () => {
  test('waits for others while there are some', async () => {
    const { committer, slept, commits } = committing(false);
    await Promise.all(['a', 'b'].map((name) => committer.submit(observed(name))));

    expect(commits).toEqual([['a', 'b']]);
    expect(slept).toEqual([COMMIT_GATHER_MS]);
  });

  test('for which nobody else is in work goes at once', async () => {
    const { committer, slept, commits } = committing(true);
    await committer.submit(observed('a'));

    expect(commits).toEqual([['a']]);
    expect(slept).toEqual([]);
  });
});
