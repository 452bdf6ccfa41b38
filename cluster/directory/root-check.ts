import { statSync } from 'node:fs';
import type { Identity } from './file-stat.ts';
import { identityOf } from './file-stat.ts';

/** The folder at a path; undefined where there is none. */
export function rootAt(path: string): Identity | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats?.isDirectory() === true ? identityOf(stats) : undefined;
  } catch {
    return undefined;
  }
}
