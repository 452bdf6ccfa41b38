import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildResult } from 'esbuild';
import { build } from 'esbuild';
import type { FunctionName } from './catalog.ts';
import { CATALOG, FUNCTION_NAMES } from './catalog.ts';

const ROOT = join(import.meta.dirname, '..');
/** The file a function is deployed as; its handler is `index.handler`. */
export const BUNDLE_FILE = 'index.js';

/** One bundled function: the folder to deploy, and what is in it. */
export interface Bundle {
  readonly name: FunctionName;
  readonly folder: string;
  readonly file: string;
  /** Minified, without its source map, which lies beside it. */
  readonly bytes: number;
  /** Bytes by package or by folder of the repository, largest first. */
  readonly contents: readonly { readonly from: string; readonly bytes: number }[];
}

/**
 * Bundles functions as they are deployed: one minified module each, in a folder of its own below `into`, for Node 24. The same for the
 * infrastructure, for tests and for the bench.
 *
 * @throws what esbuild finds wrong
 */
export async function bundleFunctions(into: string, names: readonly FunctionName[] = FUNCTION_NAMES): Promise<readonly Bundle[]> {
  mkdirSync(into, { recursive: true });
  return Promise.all(names.map(async (name) => ({ name, ...await bundleEntry(into, CATALOG[name]) })));
}

/** The same for anything that exports `handler`; `entry` from the root of the repository. @throws what esbuild finds wrong */
export async function bundleEntry(into: string, { name, entry }: { readonly name: string; readonly entry: string }): Promise<Omit<Bundle, 'name'>> {
  const folder = join(into, name);
  const file = join(folder, BUNDLE_FILE);
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(ROOT, entry)],
    outfile: file,
    bundle: true,
    // Node takes a fifth less time to load a CommonJS module of this size than an ES module (docs/decisions/0012).
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    sourcemap: 'external',
    metafile: true,
    logLevel: 'silent',
  });
  // Whatever the folder lies in says otherwise.
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  return { folder, file, ...weigh(result) };
}

function weigh({ metafile }: BuildResult<{ metafile: true }>): Pick<Bundle, 'bytes' | 'contents'> {
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith(BUNDLE_FILE))?.[1];
  if (output === undefined) throw new TypeError(`esbuild wrote no ${BUNDLE_FILE}`);
  const sums = new Map<string, number>();
  for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
    const from = originOf(path);
    sums.set(from, (sums.get(from) ?? 0) + bytesInOutput);
  }
  return { bytes: output.bytes, contents: [...sums].map(([from, bytes]) => ({ from, bytes })).sort((a, b) => b.bytes - a.bytes) };
}

/** The npm package, or the folder of the repository two levels deep. */
function originOf(path: string): string {
  const at = path.lastIndexOf('node_modules/');
  const parts = (at < 0 ? path : path.slice(at + 'node_modules/'.length)).split('/');
  return parts.slice(0, at >= 0 && parts[0]?.startsWith('@') !== true ? 1 : 2).join('/');
}
