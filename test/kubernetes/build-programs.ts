import { binaries } from '../../local/kubernetes/binaries.ts';

/** Before the first test of this suite: the programs it runs, built once for this machine. Tests have no time limits for that. */
export default async function setup(): Promise<void> {
  await binaries(['etcd', 'kube-apiserver', 'kubectl', 'kube-controller-manager', 'helm'], (text) => { process.stderr.write(`${text}\n`); });
}
