import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Member } from '../../shared/model/ids.ts';
import type { LogLevel } from '../../functions/environment.ts';

/**
 * What a deployment to AWS is told (docs/deploy.md). All else comes from the NovaEdgeFederation object of each member's cluster and
 * needs no deploy.
 */
export interface FederationConfig {
  /** As in `spec.federationID` of the members' federation objects. */
  readonly federationId: string;
  /** The one account that holds all of the federation's tables; 12 digits. A global table spans no more. */
  readonly account: string;
  /** Where the ledger's stack stands. It stays there when a member of that AWS region leaves. */
  readonly ledgerRegion: string;
  /** The member that writes for all in hub-spoke. */
  readonly hub: Member | undefined;
  /** Domains that peers' endpoints may be in; empty: any. */
  readonly peerDomains: readonly string[];
  readonly logRetentionDays: RetentionDays;
  readonly logLevel: LogLevel;
  /** Whether Lambda traces its invocations (X-Ray), which costs more than the functions do at rest. */
  readonly tracing: boolean;
  /** The address of docs/runbook.md as the people on call reach it; alarms link to its sections. */
  readonly runbookUrl: string;
  readonly members: readonly MemberConfig[];
}

/** One member: a cluster, and the stack that serves it. */
export interface MemberConfig {
  /** As in `spec.localMember.name`. */
  readonly name: Member;
  readonly awsRegion: string;
  /** Host of the member's `endpoint`, without port: on AWS it is a custom domain at 443. */
  readonly domain: string;
  /** Server certificate for the domain in ACM, in the member's account and AWS region. */
  readonly certificateArn: string;
  /** Where the server certificate was imported: one of ACM's own that proves who owns the domain. API Gateway asks for it then. */
  readonly ownershipCertificateArn: string | undefined;
  /** Absolute path of a PEM file: the authorities of which one must have issued a caller's certificate. */
  readonly truststore: string;
  /** Where alarms are sent; without it they only show. */
  readonly alarmTopicArn: string | undefined;
  /** A table to use instead of the stack's own: one restored from a backup, or kept from an earlier stack (docs/deploy.md). */
  readonly restoredTable: string | undefined;
}
