import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import type { CodeOf } from './region/functions/federation-function.ts';

const ROOT = join(import.meta.dirname, '..');

/**
 * Bundles each function when it is asked for. The files are the same wherever the repository lies, so unchanged functions are not
 * deployed again.
 *
 * @throws Error where an entry is missing or does not build
 */
export function bundledCode(): CodeOf {
  const out = mkdtempSync(join(tmpdir(), 'novaedge-bundles-'));
  const known = new Map<string, Code>();
  return ({ name, entry }) => {
    const code = known.get(name) ?? Code.fromAsset(bundle(join(out, name), entry));
    known.set(name, code);
    return code;
  };
}

function bundle(folder: string, entry: string): string {
  if (!existsSync(join(ROOT, entry))) throw new Error(`${entry} is missing`);
  buildSync({
    absWorkingDir: ROOT, entryPoints: [entry], outfile: join(folder, 'index.mjs'), bundle: true, platform: 'node', target: 'node24', format: 'esm', minify: true, sourcemap: 'linked', sourcesContent: false, logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);" },
  });
  return folder;
}
