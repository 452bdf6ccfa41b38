import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterOptions, LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { startCluster } from '../../local/kubernetes/start-cluster.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const DEFINITIONS = join(ROOT, 'cluster', 'crds');
export const EXAMPLES = join(ROOT, 'docs', 'examples');

/** A cluster in a temporary folder, which `end` removes. */
export interface RunningCluster { readonly cluster: LocalCluster; end(): Promise<void> }

export async function runCluster(options: Omit<ClusterOptions, 'folder'>): Promise<RunningCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-kube-'));
  const cluster = await startCluster({ ...options, folder });
  return { cluster, end: async () => { await cluster.stop(); rmSync(folder, { recursive: true, force: true }); } };
}

/** Installs our definitions and waits until their kinds are served. */
export async function installDefinitions(cluster: LocalCluster): Promise<void> {
  await must(cluster, ['apply', '--server-side', '-f', DEFINITIONS]);
  await must(cluster, ['wait', '--for=condition=Established', '--timeout=30s', '-f', DEFINITIONS]);
  await sleep(FIRST_CREATE_MS);
}
/** The API server holds back the first objects of a new kind for this long; in a test that looks like a hang. */
const FIRST_CREATE_MS = 2000;

/** Runs kubectl. @throws with what it said, when it fails */
export async function must(cluster: LocalCluster, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
  return stdout;
}
