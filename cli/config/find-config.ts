import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Config } from './config.ts';
import { parseConfig } from './config.ts';

/** The folder that `npm start` keeps its data in, and its configuration's name there. */
export const LOCAL_FOLDER = '.novaedge';
const LOCAL_CONFIG = 'novactl.yaml';
/** Folders looked through upwards; no path of a person is deeper. */
const MAX_LEVELS = 64;

type Surroundings = Pick<Host, 'environment' | 'workingFolder' | 'homeFolder'>;

/**
 * Which file holds the configuration: `--config`, else NOVACTL_CONFIG, else the nearest `.novaedge/novactl.yaml` upwards of the
 * working directory, else `~/.config/novactl/config.yaml`. One file counts; nothing is merged.
 *
 * @returns the path, and whether somebody named it; it need not exist
 */
export function configPath(asked: string | undefined, { environment, workingFolder, homeFolder }: Surroundings): string {
  const named = asked ?? (environment['NOVACTL_CONFIG'] === '' ? undefined : environment['NOVACTL_CONFIG']);
  if (named !== undefined) return resolve(workingFolder, named);
  return findUpwards(join(LOCAL_FOLDER, LOCAL_CONFIG), workingFolder) ?? join(homeFolder, '.config', 'novactl', 'config.yaml');
}

/** The nearest file of this relative path, in a folder or one of those around it. */
export function findUpwards(relative: string, from: string): string | undefined {
  let folder = from;
  for (let level = 0; level < MAX_LEVELS; level += 1) {
    const path = join(folder, relative);
    if (existsSync(path)) return path;
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
  return undefined;
}

/** Reads the configuration. @throws CommandError saying where it was looked for, or what is wrong in it */
export function loadConfig(asked: string | undefined, host: Surroundings): Config {
  const path = configPath(asked, host);
  return parseConfig(readConfigText(path), path, host.homeFolder);
}

/** A configuration's text. @throws CommandError where there is none */
export function readConfigText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const what = isMissing ? `there is no configuration at ${path}` : `the configuration cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new CommandError('invalid', `${what}. "npm start" writes one for a local federation; or give --config FILE, or set NOVACTL_CONFIG`, { cause });
  }
}
