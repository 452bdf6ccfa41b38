import { stringify } from 'yaml';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';

/** One context of a kubeconfig; the cluster and the user in it carry its name. */
export interface KubeContext {
  readonly name: string;
  readonly server: string;
  readonly authorityPem: string;
  readonly credentials: { readonly certificate: KeyedCertificate } | { readonly token: string };
  readonly namespace?: string;
}

/** A kubeconfig with all in it, no path to anything; the first context is the current one. */
export function kubeconfigOf(contexts: readonly KubeContext[]): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': contexts[0]?.name,
    clusters: contexts.map(({ name, server, authorityPem }) => ({ name, cluster: { server, 'certificate-authority-data': base64(authorityPem) } })),
    users: contexts.map(({ name, credentials }) => ({ name, user: userOf(credentials) })),
    contexts: contexts.map(({ name, namespace = 'default' }) => ({ name, context: { cluster: name, user: name, namespace } })),
  }, { lineWidth: 0 });
}

const userOf = (credentials: KubeContext['credentials']): unknown => ('token' in credentials
  ? { token: credentials.token }
  : { 'client-certificate-data': base64(credentials.certificate.certificatePem), 'client-key-data': base64(credentials.certificate.privateKeyPem) });

const base64 = (text: string): string => Buffer.from(text).toString('base64');
