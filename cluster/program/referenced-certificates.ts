import type { JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import type { KubeClient } from '../kubernetes/client.ts';
import { readSecret, SecretError } from '../kubernetes/secrets.ts';
import type { CertificateProblem, ExpectedHolder } from './certificate-checks.ts';
import { checkAuthority, checkHolder } from './certificate-checks.ts';

/** A Secret and what is expected in it. */
interface Reference { readonly name: string; readonly what: 'authority' | 'client'; readonly field: string }

/**
 * Looks into the Secrets that a NovaEdgeFederation names for its members: missing ones, certificates that are over, an authority beside
 * its private key, and another member's key, with which this one could pass for it. The client certificate by which a member is called
 * is always this member's own.
 *
 * @throws ClusterUnavailableError
 */
export async function referencedProblems(client: KubeClient, namespace: string, spec: JsonObject, expected: Omit<ExpectedHolder, 'role'>, nowMs: number, signal: AbortSignal): Promise<readonly CertificateProblem[]> {
  const found = await Promise.all(referencesIn(spec).map(async ({ name, what, field }): Promise<readonly CertificateProblem[]> => {
    const where = `the Secret ${namespace}/${name} (${field})`;
    try {
      const texts = await readSecret(client, namespace, name, signal);
      if (what === 'client') return checkHolder({ cert: texts['tls.crt'] ?? '', key: texts['tls.key'] ?? '' }, { ...expected, role: 'peer' }, where, nowMs);
      return checkAuthority(authorityTexts(texts), where, nowMs);
    } catch (error) {
      if (!(error instanceof SecretError)) throw error;
      return [{ reason: 'SecretMissing', isFatal: true, message: `${field}: ${error.message}` }];
    }
  }));
  return found.flat();
}

/** All that is in an authority's Secret: a private key beside it is a finding. */
export const authorityTexts = (texts: Readonly<Record<string, string>>): string => [texts['ca.crt'], texts['ca.key'], texts['tls.key']].filter((text) => text !== undefined).join('\n');

/** Each Secret once, under the first field that names it. */
function referencesIn(spec: JsonObject): readonly Reference[] {
  const references = new Map<string, Reference>();
  for (const [at, member] of (Array.isArray(spec['members']) ? spec['members'] : []).entries()) {
    const tls = isObject(member) && isObject(member['tls']) ? member['tls'] : {};
    for (const [ref, what] of [['caSecretRef', 'authority'], ['clientCertSecretRef', 'client']] as const) {
      const given = tls[ref];
      const name = isObject(given) ? given['name'] : undefined;
      if (typeof name === 'string' && !references.has(`${what} ${name}`)) references.set(`${what} ${name}`, { name, what, field: `spec.members[${at.toString()}].tls.${ref}` });
    }
  }
  return [...references.values()];
}
