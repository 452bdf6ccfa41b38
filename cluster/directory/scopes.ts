import { groupOf } from '../../shared/model/federated-part.ts';

/** Where kubectl would put a manifest without a namespace. */
export const DEFAULT_NAMESPACE = 'default';

/** Kinds of whole clusters that a federation may carry. A folder cannot ask an API server, so the well-known ones stand here. */
const CLUSTER_SCOPED: readonly string[] = [
  'Namespace', 'Node', 'PersistentVolume', 'ComponentStatus',
  'GatewayClass.gateway.networking.k8s.io', 'IngressClass.networking.k8s.io', 'StorageClass.storage.k8s.io', 'CSIDriver.storage.k8s.io', 'CSINode.storage.k8s.io',
  'PriorityClass.scheduling.k8s.io', 'RuntimeClass.node.k8s.io', 'CustomResourceDefinition.apiextensions.k8s.io',
  'ClusterRole.rbac.authorization.k8s.io', 'ClusterRoleBinding.rbac.authorization.k8s.io',
  'MutatingWebhookConfiguration.admissionregistration.k8s.io', 'ValidatingWebhookConfiguration.admissionregistration.k8s.io',
  'APIService.apiregistration.k8s.io', 'CertificateSigningRequest.certificates.k8s.io', 'ClusterIssuer.cert-manager.io',
  'ProxyVIP.novaedge.io',
];

/** The namespace of a manifest that names none: `default`, or none for the kinds of a whole cluster. */
export function defaultNamespace(apiVersion: string, kind: string): string {
  const group = groupOf(apiVersion);
  return CLUSTER_SCOPED.includes(group === '' ? kind : `${kind}.${group}`) ? '' : DEFAULT_NAMESPACE;
}
