import type { Member } from '../model/ids.ts';
import type { OperatorLevel } from '../wire/identity-name.ts';

/** What a certificate lets somebody be (DESIGN §10). */
export const ROLES = ['peer', 'bridge', 'agent', 'operator'] as const;
export type Role = (typeof ROLES)[number];

/** Somebody whose certificate was verified. `certificate` names it in logs and on the deny list. */
export type Caller = { readonly certificate: CertificateName } & (
  | { readonly role: 'peer'; readonly member: Member }
  | { readonly role: 'bridge'; readonly member: Member }
  /** `node` is undefined where the nodes of a member share one certificate. */
  | { readonly role: 'agent'; readonly member: Member; readonly node: string | undefined }
  | { readonly role: 'operator'; readonly level: OperatorLevel; readonly name: string });

export type PeerCaller = Extract<Caller, { role: 'peer' }>;
export type AgentCaller = Extract<Caller, { role: 'agent' }>;
export type OperatorCaller = Extract<Caller, { role: 'operator' }>;

/** How one certificate is told from all others. */
export interface CertificateName {
  /** Upper-case hexadecimal, unique within its authority. */
  readonly serialNumber: string;
  /** SHA-256 of the certificate, upper-case hexadecimal with colons. */
  readonly fingerprint256: string;
}

/** The caller as quotas and logs name it. */
export function callerName(caller: Caller): string {
  switch (caller.role) {
    case 'peer':
    case 'bridge': return `${caller.role}/${caller.member}`;
    case 'agent': return caller.node === undefined ? `agent/${caller.member}` : `agent/${caller.member}/${caller.node}`;
    case 'operator': return `operator/${caller.level}/${caller.name}`;
  }
}
