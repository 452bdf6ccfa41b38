import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Ran } from '../testing/test-host.ts';
import { testHost } from '../testing/test-host.ts';
import { parseConfig } from './config.ts';
import { configPath } from './find-config.ts';

const CONFIG = `# regions
contexts:
  - name: us-west # the first
    server: 127.0.0.1:9090
    ca: certs/ca.crt
    cert: ~/alice.crt
    key: /keys/alice.key
    member: us-west
    folder: ../us-west
  - {name: eu-west, server: "eu.example.com:443", ca: ca.crt, cert: a.crt, key: a.key}
current-context: us-west
`;
let folder: string;
const put = (path: string, text = CONFIG): string => {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
};
const run = (...words: readonly string[]): Promise<Ran> => testHost({ workingFolder: join(folder, 'work', 'deep'), homeFolder: join(folder, 'home') }).run(...words);

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'novactl-config-')); });
afterEach(() => { rmSync(folder, { recursive: true }); });

describe('which file counts', () => {
  const where = (asked: string | undefined, environment: Record<string, string> = {}): string =>
    configPath(asked, { environment, workingFolder: join(folder, 'work', 'deep'), homeFolder: join(folder, 'home') });

  test('--config, then NOVACTL_CONFIG, then the nearest .novaedge upwards, then the home folder', () => {
    expect(where(undefined)).toBe(join(folder, 'home', '.config', 'novactl', 'config.yaml'));
    const outer = put('.novaedge/novactl.yaml');
    expect(where(undefined)).toBe(outer);
    const nearer = put('work/.novaedge/novactl.yaml');
    expect(where(undefined)).toBe(nearer);
    expect(where(undefined, { NOVACTL_CONFIG: '../named.yaml' })).toBe(join(folder, 'work', 'named.yaml'));
    expect(where('given.yaml', { NOVACTL_CONFIG: '../named.yaml' })).toBe(join(folder, 'work', 'deep', 'given.yaml'));
  });

  test('none: says where it looked and where one comes from', async () => {
    expect(await run('federation', 'status')).toMatchObject({ code: 2, err: expect.stringMatching(/^error: there is no configuration at .*\/home\/\.config\/novactl\/config\.yaml\. "npm start" writes one/) });
  });
});

describe('what a file says', () => {
  test('relative paths are relative to it, ~ is the home folder', () => {
    const { contexts: [first] } = parseConfig(CONFIG, '/etc/novactl/config.yaml', '/home/alice');

    expect(first).toMatchObject({ ca: '/etc/novactl/certs/ca.crt', cert: '/home/alice/alice.crt', key: '/keys/alice.key', folder: '/etc/us-west', serverName: undefined });
  });

  test.each([
    ['contexts: [', /f\.yaml: .*line 1/],
    ['contexts: {}', /f\.yaml: contexts: .*array/],
    ['contexts:\n  - {name: a, server: nowhere, ca: a, cert: b, key: c}', /f\.yaml: contexts\[0\]\.server: "nowhere" is not an endpoint; accepted is host:port/],
    ['contexts:\n  - {name: a, server: "h:1", ca: a, cert: b}', /f\.yaml: contexts\[0\]\.key: .*string/],
    ['contexts:\n  - {name: a, server: "h:1", ca: a, cert: b, key: c, sever: x}', /f\.yaml: contexts\[0\]: .*"sever"/],
    ['contexts:\n  - {name: a, server: "h:1", ca: a, cert: b, key: c}\n  - {name: a, server: "h:1", ca: a, cert: b, key: c}', /the context a stands there twice/],
  ])('%s is refused, naming file and field', (text, message) => {
    expect(() => parseConfig(text, 'f.yaml', '/')).toThrow(message);
  });
});

describe('config', () => {
  test('get-contexts, current-context and --context', async () => {
    put('work/.novaedge/novactl.yaml');

    expect((await run('config', 'get-contexts')).out).toBe('CURRENT   NAME      SERVER               MEMBER\n*         us-west   127.0.0.1:9090       us-west\n          eu-west   eu.example.com:443   -\n');
    expect((await run('config', 'current-context')).out).toBe('us-west\n');
    expect((await run('--context', 'eu-west', 'config', 'current-context')).out).toBe('eu-west\n');
  });

  test('use-context changes one line', async () => {
    const path = put('work/.novaedge/novactl.yaml');

    expect(await run('config', 'use-context', 'eu-west')).toMatchObject({ code: 0, out: `Now using eu-west (${path}).\n` });
    expect(readFileSync(path, 'utf8')).toBe(CONFIG.replace('current-context: us-west', 'current-context: eu-west'));
  });

  test('an unknown context lists those there are, and the nearest', async () => {
    const path = put('work/.novaedge/novactl.yaml');

    expect(await run('config', 'use-context', 'eu-wets')).toEqual({ code: 2, out: '', err: `error: there is no context "eu-wets" in ${path}; contexts are us-west, eu-west. Did you mean eu-west?\n` });
    expect((await run('federation', 'status', '--context', 'x')).err).toContain('contexts are us-west, eu-west');
  });

  test('without a current context a single one is meant, and of several one has to be named', async () => {
    put('work/.novaedge/novactl.yaml', CONFIG.replace(/current-context.*\n/, ''));

    expect((await run('config', 'current-context')).err).toContain('no context is chosen');
    put('work/.novaedge/novactl.yaml', 'contexts: [{name: only, server: "h:1", ca: a, cert: b, key: c}]');
    expect((await run('config', 'current-context')).out).toBe('only\n');
  });

  test('view shows whole paths', async () => {
    const path = put('work/.novaedge/novactl.yaml');

    expect((await run('config', 'view')).out).toContain(`# ${path}\ncurrent-context: us-west\ncontexts:\n  - name: us-west\n    server: 127.0.0.1:9090\n    ca: ${join(dirname(path), 'certs', 'ca.crt')}\n`);
    expect(JSON.parse((await run('config', 'view', '-o', 'json')).out)).toMatchObject({ contexts: [{ name: 'us-west' }, { name: 'eu-west' }] });
  });
});
