import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { binaries } from '../../local/kubernetes/binaries.ts';
import type { LocalCluster, ProgramResult } from '../../local/kubernetes/local-cluster.ts';

export const CHART = join(import.meta.dirname, '..', '..', 'cluster', 'chart');
const HELM_TIMEOUT_MS = 60_000;

/** Runs helm as a cluster's administrator. Its exit code is an answer, not an error. */
export async function helm(cluster: LocalCluster, ...args: readonly string[]): Promise<ProgramResult> {
  const { helm: program } = await binaries(['helm'], () => undefined);
  return new Promise((resolve) => {
    execFile(program, [...args], { env: { ...process.env, KUBECONFIG: cluster.kubeconfig }, timeout: HELM_TIMEOUT_MS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, stdout, stderr });
    });
  });
}
