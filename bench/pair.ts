import { createAuthority, issueMemberCertificate } from '../shared/adapters/certificates/index.ts';
import { asMember } from '../shared/model/ids.ts';
import type { Member } from '../shared/model/ids.ts';

export const FEDERATION = 'bench';
export const HOST = '127.0.0.1';
export const ORIGIN = asMember('us-west');
export const OTHER = asMember('eu-west');

/** What a member needs to serve and to call with mutual TLS: PEM texts. */
export interface MemberTls { readonly cert: string; readonly key: string; readonly authority: string }

/** Certificates of two members under one authority. */
export async function issuePair(): Promise<Readonly<Record<'origin' | 'other', MemberTls>>> {
  const nowMs = Date.now();
  const authority = await createAuthority('bench', { nowMs });
  const issue = async (member: Member): Promise<MemberTls> => {
    const { certificatePem, privateKeyPem } = await issueMemberCertificate(authority, { federationId: FEDERATION, member, hosts: [HOST, 'localhost'] }, { nowMs });
    return { cert: certificatePem, key: privateKeyPem, authority: authority.certificatePem };
  };
  return { origin: await issue(ORIGIN), other: await issue(OTHER) };
}

/** The federation object of one of two members. */
export function manifestOf(member: Member, other: { readonly member: Member; readonly endpoint: string }): string {
  return JSON.stringify({
    apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: FEDERATION, namespace: 'default' },
    spec: {
      federationID: FEDERATION, mode: 'mesh',
      localMember: { name: member, endpoint: `${HOST}:9090` },
      members: [{ name: other.member, endpoint: other.endpoint, tls: { enabled: true, serverName: other.member } }],
      conflictResolution: { strategy: 'LastWriterWins' },
      // As `npm start` sets them, but for anti-entropy: a round of it every minute would be in some runs and not in others.
      sync: { interval: '5s', timeout: '30s', batchSize: 100, compression: true },
      healthCheck: { interval: '2s', timeout: '5s', failureThreshold: 3, successThreshold: 1 },
      antiEntropy: { enabled: false },
    },
  });
}
