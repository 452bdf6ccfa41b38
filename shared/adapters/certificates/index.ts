export type { KeyedCertificate } from './authority.ts';
export { createAuthority } from './authority.ts';
export { issueAgentCertificate, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from './issue.ts';
export type { Validity } from './validity.ts';
export { AUTHORITY_LIFE_MS, LEAF_LIFE_MS, OPERATOR_LIFE_MS } from './validity.ts';
