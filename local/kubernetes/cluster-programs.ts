/** Enough for what tests need of it: namespaces that end, owners whose objects go with them, endpoints of services. */
const CONTROLLERS = 'namespace-controller,garbage-collector-controller,endpointslice-controller';

/** Where a cluster's programs find what they need. */
export interface ClusterPaths {
  /** A file in the cluster's folder. */
  readonly file: (name: string) => string;
  readonly etcdSocket: string;
  readonly peerSocket: string;
}

/** The advertised addresses are never called: this etcd is its only member, and the API server uses the socket. */
export const etcdArguments = ({ file, etcdSocket, peerSocket }: ClusterPaths): readonly string[] => [
  '--name=default', `--data-dir=${file('etcd')}`, '--unsafe-no-fsync', '--log-level=warn',
  `--listen-client-urls=unix://${etcdSocket}`, '--advertise-client-urls=http://127.0.0.1:1',
  `--listen-peer-urls=unix://${peerSocket}`, '--initial-advertise-peer-urls=http://127.0.0.1:2', '--initial-cluster=default=http://127.0.0.1:2',
];

/** @param more flags of the caller's, which go before these */
export const apiServerArguments = ({ file, etcdSocket }: ClusterPaths, port: number, more: readonly string[]): readonly string[] => [
  `--etcd-servers=unix://${etcdSocket}`, '--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', `--secure-port=${port.toString()}`,
  `--tls-cert-file=${file('apiserver.crt')}`, `--tls-private-key-file=${file('apiserver.key')}`, `--client-ca-file=${file('ca.crt')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${file('service-accounts.crt')}`, `--service-account-signing-key-file=${file('service-accounts.key')}`,
  '--authorization-mode=RBAC', '--service-cluster-ip-range=10.0.0.0/24', '--endpoint-reconciler-type=none', '--profiling=false',
  // Pods would wait for tokens that a controller makes; none of them ever runs.
  '--disable-admission-plugins=ServiceAccount',
  '--enable-priority-and-fairness=false',
  ...more,
];

export const controllerArguments = (kubeconfig: string): readonly string[] =>
  [`--kubeconfig=${kubeconfig}`, '--bind-address=127.0.0.1', '--secure-port=0', '--leader-elect=false', `--controllers=${CONTROLLERS}`];
