import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');

test('the bridge runs from what the image\'s recipe copies', async () => {
  const recipe = readFileSync(join(import.meta.dirname, 'Dockerfile'), 'utf8');
  const last = recipe.slice(recipe.lastIndexOf('FROM '));
  const copied = [...last.matchAll(/^COPY (\S+) (\S+)$/gm)].map(([, from = '', to = '']) => ({ from, to }));
  const [, command = '[]'] = /^CMD (\[.+\])$/m.exec(last) ?? [];
  const image = mkdtempSync(join(tmpdir(), 'novaedge-image-'));
  for (const { from, to } of copied) cpSync(join(ROOT, from), join(image, to), { recursive: true, filter: (path) => !path.startsWith(join(ROOT, 'cluster', 'chart')) });
  symlinkSync(join(ROOT, 'node_modules'), join(image, 'node_modules'));

  const { stdout } = await promisify(execFile)(process.execPath, [...(JSON.parse(command) as string[]), '--help'], { cwd: image });

  expect(copied.map(({ from }) => from)).toEqual(['package.json', 'proto/gen', 'shared', 'cluster']);
  expect(stdout).toContain('Usage: novaedge-bridge');
  rmSync(image, { recursive: true });
});
