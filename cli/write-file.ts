import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { CommandError } from './errors.ts';

/**
 * Puts a new text in a file's place in one step, so that nobody reads half of it; its permissions stay. The name in between is hidden,
 * and bridges take no hidden file for a manifest.
 *
 * @param before what the file said when the new text was made from it
 * @throws CommandError `conflict` when it says something else by now
 */
export function replaceFile(path: string, before: string, text: string): void {
  if (readFileSync(path, 'utf8') !== before) throw new CommandError('conflict', `${path} was changed meanwhile and was left as it is; run the command again`);
  const temporary = join(dirname(path), `.${basename(path)}.novactl-${randomBytes(6).toString('hex')}`);
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: statSync(path).mode & 0o777 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
