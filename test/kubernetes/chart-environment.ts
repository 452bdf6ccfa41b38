import { parseAllDocuments } from 'yaml';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { CHART, helm } from './helm.ts';

interface Deployment { readonly kind: string; readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { readonly env: readonly { readonly name: string; readonly value?: string }[] }[] } } } }

/** What the chart tells the program, but for what only a pod knows. */
export async function environmentOf(cluster: LocalCluster, release: string, namespace: string, values: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { stdout, stderr, code } = await helm(cluster, 'template', release, CHART, '--namespace', namespace, ...values);
  if (code !== 0) throw new Error(stderr);
  const deployment = parseAllDocuments(stdout).map((document) => document.toJS() as Deployment).find(({ kind }) => kind === 'Deployment');
  const env = deployment?.spec.template.spec.containers[0]?.env ?? [];
  return Object.fromEntries(env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}
