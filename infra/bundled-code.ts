import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { bundleEntry, bundleFunctions } from '../functions/bundle.ts';
import { STREAM_ARN_ENTRY } from './region/doorbell/ledger-stream.ts';
import type { CodeOf } from './region/functions/federation-function.ts';

/**
 * The bundles of all functions, built once for all members. Equal sources make equal bundles, so what did not change is not deployed
 * again. Source maps stay behind.
 *
 * @throws what esbuild finds wrong
 */
export async function bundledCode(): Promise<CodeOf> {
  const into = mkdtempSync(join(tmpdir(), 'novaedge-bundles-'));
  process.once('exit', () => { rmSync(into, { recursive: true, force: true }); });
  const [bundles, streamArn] = await Promise.all([bundleFunctions(into), bundleEntry(into, STREAM_ARN_ENTRY)]);
  const folders = new Map<string, string>([...bundles, { name: STREAM_ARN_ENTRY.name, ...streamArn }].map(({ name, folder }) => [name, folder]));
  return ({ name }) => {
    const folder = folders.get(name);
    if (folder === undefined) throw new Error(`nothing is bundled for ${name}`);
    return Code.fromAsset(folder, { exclude: ['*.map'] });
  };
}
