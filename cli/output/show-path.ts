import { relative } from 'node:path';

/** A path as it is shortest to read: relative where it is below the working folder. */
export function showPath(path: string, workingFolder: string): string {
  const below = relative(workingFolder, path);
  return below === '' || below.startsWith('..') ? path : below;
}
