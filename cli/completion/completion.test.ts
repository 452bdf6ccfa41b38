import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testHost } from '../testing/test-host.ts';
import { COMPLETION_SCRIPTS, SHELLS } from './scripts.ts';

let folder: string;
let config: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'novactl-completion-'));
  config = join(folder, 'config.yaml');
  writeFileSync(config, 'contexts:\n  - {name: west, member: us-west, server: "h:1", ca: a, cert: b, key: c}\n  - {name: east, member: ap-east, server: "h:1", ca: a, cert: b, key: c}\n');
});
afterAll(() => { rmSync(folder, { recursive: true }); });

const complete = async (...words: readonly string[]): Promise<readonly string[]> =>
  (await testHost({ environment: { NOVACTL_CONFIG: config } }).run('__complete', '--', ...words)).out.split('\n').slice(0, -1);

describe('what may come next', () => {
  test.each([
    [['fed'], ['federation']],
    [['federation', ''], ['status', 'conflicts', 'sync', 'reconcile', 'set', 'approve', 'reject', 'denied', 'deny', 'undeny', 'dead-letters', 'leave']],
    [['federation', 'conflicts', 're'], ['resolve']],
    [['-o', ''], ['table', 'wide', 'json', 'yaml']],
    [['federation', 'status', '--output', 'j'], ['json']],
    [['federation', 'status', '--context', ''], ['west', 'east']],
    [['--context', 'west', 'config', 'use-context', 'e'], ['east']],
    [['federation', 'sync', '--peer', 'ap'], ['ap-east']],
    [['federation', 'conflicts', 'resolve', 'ProxyRoute/default/api', '--keep', ''], ['local', 'remote', 'us-west', 'ap-east']],
    [['federation', 'conflicts', '--a'], ['--all']],
    [['get', 'proxyr'], ['proxyroutes']],
    [['delete', 'ProxyV'], ['ProxyVIP']],
    [['local', 'cut', 'us-west', ''], ['us-west', 'ap-east']],
    [['completion', ''], ['bash', 'zsh', 'fish']],
    [['__'], []],
    [['apply', '-f', ''], []],
  ])('%j: %j', async (words, expected) => {
    expect(await complete(...words)).toEqual(expected);
  });

  test('without a configuration there are no contexts, and no error', async () => {
    expect(await testHost().run('__complete', '--', '--context', '')).toEqual({ code: 0, out: '', err: '' });
  });
});

describe('scripts', () => {
  test.each(SHELLS)('%s prints its own', async (shell) => {
    expect(await testHost().run('completion', shell)).toEqual({ code: 0, out: COMPLETION_SCRIPTS[shell], err: '' });
  });

  test('another shell is refused', async () => {
    expect(await testHost().run('completion', 'tcsh')).toMatchObject({ code: 2, err: expect.stringContaining('Allowed choices are bash, zsh, fish') });
  });

  const readers = [['bash', ['-n']], ['zsh', ['-n']], ['fish', ['--no-execute']]] as const;
  const here = readers.filter(([shell]) => shell === 'bash' || spawnSync(shell, ['--version']).error === undefined);
  const missing = readers.filter((reader) => !here.includes(reader)).map(([shell]) => shell);
  if (missing.length > 0) console.warn(`completion of ${missing.join(' and ')} is not checked: this machine does not have it`);

  test.each(here)('%s reads it', (shell, words) => {
    const { status, stderr } = spawnSync(shell, words, { input: COMPLETION_SCRIPTS[shell], encoding: 'utf8' });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('bash offers what novactl answers', () => {
    const script = `novactl() { local IFS=' '; [ "$*" = '__complete -- federation con' ] && echo conflicts; }\n${COMPLETION_SCRIPTS.bash}\nCOMP_WORDS=(novactl federation con); COMP_CWORD=2; _novactl; echo "\${COMPREPLY[@]}"`;

    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('conflicts\n');
  });
});
