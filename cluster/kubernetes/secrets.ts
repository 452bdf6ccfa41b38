import { isObject } from '../../shared/model/content.ts';
import type { KubeClient } from './client.ts';
import { asUnavailable, isStatus } from './status-error.ts';

/** A Secret that is not there or may not be read. */
export class SecretError extends Error { override readonly name = 'SecretError' }

/**
 * Texts of one Secret, by key; those it lacks are left out. Both layouts of the guides have the same keys: `ca.crt` in a generic Secret,
 * `tls.crt` and `tls.key` in one of type kubernetes.io/tls.
 *
 * @throws SecretError where there is none, or none for us | ClusterUnavailableError
 */
export async function readSecret(client: KubeClient, namespace: string, name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
  try {
    const secret = await client.find({ path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}` }, signal);
    if (secret === undefined) throw new SecretError(`the Secret ${namespace}/${name} is not there: create it, or name another`);
    const data = isObject(secret['data']) ? secret['data'] : {};
    return Object.fromEntries(Object.entries(data).flatMap(([key, value]) => (typeof value === 'string' ? [[key, Buffer.from(value, 'base64').toString('utf8')]] : [])));
  } catch (error) {
    if (isStatus(error, 403)) throw new SecretError(`the Secret ${namespace}/${name} may not be read: grant the bridge get on it (readableSecrets in the chart's values)`, { cause: error });
    throw asUnavailable(error, `the Secret ${namespace}/${name} could not be read`);
  }
}
