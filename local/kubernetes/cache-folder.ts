import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where built programs are kept: in the user's cache folder, outside the work tree, so that a clean checkout need not build again. */
export const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'novaedge');
