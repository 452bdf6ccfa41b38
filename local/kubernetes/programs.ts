import { join } from 'node:path';

/** The programs we run a real cluster with. `helm` is for the chart's tests. */
export type Program = 'etcd' | 'kube-apiserver' | 'kubectl' | 'kube-controller-manager' | 'helm';

export interface Source {
  readonly package: string;
  /** Folder with the go.mod and go.sum that pin every source. */
  readonly module: string;
  /** What to expect of a cold build; measured on two cores with an empty Go cache. */
  readonly note: string;
}

const KUBERNETES = join(import.meta.dirname, 'build');

export const SOURCES: Readonly<Record<Program, Source>> = {
  etcd: { module: KUBERNETES, package: 'go.etcd.io/etcd/server/v3', note: 'downloads the sources of Kubernetes, 83 MB, and takes about a minute' },
  'kube-apiserver': { module: KUBERNETES, package: 'k8s.io/kubernetes/cmd/kube-apiserver', note: 'takes two to three minutes' },
  kubectl: { module: KUBERNETES, package: 'k8s.io/kubernetes/cmd/kubectl', note: 'takes half a minute' },
  'kube-controller-manager': { module: KUBERNETES, package: 'k8s.io/kubernetes/cmd/kube-controller-manager', note: 'takes a minute' },
  helm: { module: join(KUBERNETES, 'helm'), package: 'helm.sh/helm/v4/cmd/helm', note: 'takes one or two minutes' },
};
