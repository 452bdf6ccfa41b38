import type { JsonObject } from './content.ts';
import type { Filter } from './federated-part.ts';
import { DEFAULT_RESOURCE_TYPES, OWNERSHIP_MARKS } from './federated-part.ts';
import type { FederationManifest } from './federation-manifest.ts';
import { federationManifest, MINIMUM_TOMBSTONE_TTL_MS } from './federation-manifest.ts';
import type { Member } from './ids.ts';
import { asMember } from './ids.ts';
import type { MassDeleteSettings } from './mass-delete.ts';
import type { SharedSettings, SplitBrain } from './shared-settings.ts';
import type { Problem } from './spec-reader.ts';
import { Findings, oneMeaning } from './spec-reader.ts';

/** A NovaEdgeFederation object, validated as a whole and with every default filled in (DESIGN §6, §9). */
export interface FederationSpec {
  readonly name: string;
  readonly namespace: string;
  readonly federationId: string;
  readonly paused: boolean;
  readonly localMember: LocalMember;
  /** The other members. */
  readonly members: readonly RemoteMember[];
  readonly shared: SharedSettings;
  readonly sync: SyncSettings;
  /** Accepted because the CRD has it; versions are always tracked. */
  readonly vectorClocks: boolean;
  readonly healthCheck: HealthCheck;
  readonly antiEntropy: AntiEntropy;
  /** Allowed, but worth a word to whoever wrote it; each names its field. */
  readonly warnings: readonly string[];
}

/** A member as any federation object names it. `region` and `zone` are empty where they are not given. */
export interface NamedMember {
  readonly name: Member;
  readonly region: string;
  readonly zone: string;
  /** `host:port`, as written. */
  readonly endpoint: string;
  readonly labels: Readonly<Record<string, string>>;
}
export interface LocalMember extends NamedMember { readonly priority: number | undefined }
export interface RemoteMember extends NamedMember {
  /** The lower, the sooner agents turn to it. */
  readonly priority: number;
  readonly tls: MemberTls;
}

export interface MemberTls {
  readonly enabled: boolean;
  readonly serverName: string | undefined;
  readonly caSecretRef: SecretRef | undefined;
  readonly clientCertSecretRef: SecretRef | undefined;
  readonly insecureSkipVerify: boolean;
}
/** A secret beside the federation object. */
export interface SecretRef { readonly name: string; readonly namespace: string }

export interface SyncSettings {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly batchSize: number;
  readonly compression: boolean;
  readonly resourceTypes: readonly string[];
  readonly excludeNamespaces: readonly string[];
  /** When deletes wait for a person, on their way from this cluster and to it. */
  readonly massDelete: MassDeleteSettings;
}
export interface HealthCheck {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly failureThreshold: number;
  readonly successThreshold: number;
}
export interface AntiEntropy {
  readonly enabled: boolean;
  readonly intervalMs: number;
  readonly batchSize: number;
  readonly repairMode: 'pull' | 'push' | 'bidirectional';
}

/** An object that is refused as a whole, with everything that is wrong with it. */
export class FederationSpecError extends Error {
  override readonly name = 'FederationSpecError';
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const more = problems.length - MAX_LISTED;
    super([...problems.slice(0, MAX_LISTED).map(({ message }) => message), ...(more > 0 ? [`and ${more.toString()} more`] : [])].join('\n'));
    this.problems = problems;
  }
}
/** A status condition holds 32 KB. */
const MAX_LISTED = 50;

/**
 * Reads a NovaEdgeFederation object.
 *
 * @param minimumTombstoneTtlMs lower only where a test has no time to wait
 * @throws FederationSpecError with all mistakes of the object, each naming its field, what is wrong and what is accepted
 */
export function parseFederation(manifest: JsonObject, minimumTombstoneTtlMs: number = MINIMUM_TOMBSTONE_TTL_MS): FederationSpec {
  const findings = new Findings();
  const given = federationManifest(minimumTombstoneTtlMs)(manifest, '', findings);
  const splitBrain = readSplitBrain(given, findings);
  checkMembers(given, findings);
  checkQuorumSize(given, findings);
  checkSecrets(given, findings);
  if (findings.problems.length > 0) throw new FederationSpecError(findings.problems);
  warn(given, splitBrain, findings);
  return specOf(given, splitBrain, findings.warnings);
}

/** The settings that must be equal at every member. */
export const sharedSettingsOf = (spec: FederationSpec): SharedSettings => spec.shared;

/** What the cluster exchanges with its region, as far as this spec alone decides. */
export const filterOf = ({ sync: { resourceTypes, excludeNamespaces }, shared: { ownershipMarks } }: FederationSpec): Filter => ({ resourceTypes, excludeNamespaces, ownershipMarks });

function specOf({ metadata, spec }: FederationManifest, splitBrain: SplitBrain, warnings: readonly string[]): FederationSpec {
  const { sync, healthCheck, antiEntropy, conflictResolution } = spec;
  return {
    ...metadata,
    federationId: spec.federationID,
    paused: spec.paused,
    localMember: { ...named(spec.localMember), priority: spec.localMember.priority },
    members: spec.members.map((member) => ({ ...named(member), priority: member.priority, tls: tlsOf(member.tls, metadata.namespace) })),
    shared: { mode: spec.mode, strategy: conflictResolution.strategy, splitBrain, tombstoneTtlMs: conflictResolution.tombstoneTTL, ownershipMarks: sync.ownershipMarks.length > 0 ? sync.ownershipMarks : OWNERSHIP_MARKS },
    sync: {
      intervalMs: sync.interval,
      timeoutMs: sync.timeout,
      batchSize: sync.batchSize,
      compression: sync.compression,
      resourceTypes: sync.resourceTypes.length > 0 ? sync.resourceTypes : DEFAULT_RESOURCE_TYPES,
      excludeNamespaces: sync.excludeNamespaces,
      massDelete: { threshold: sync.massDelete.threshold, percent: sync.massDelete.percent, windowMs: sync.massDelete.window },
    },
    vectorClocks: conflictResolution.vectorClocks,
    healthCheck: {
      intervalMs: healthCheck.interval,
      timeoutMs: healthCheck.timeout,
      failureThreshold: healthCheck.failureThreshold,
      successThreshold: healthCheck.successThreshold,
    },
    antiEntropy: { enabled: antiEntropy.enabled, intervalMs: antiEntropy.interval, batchSize: antiEntropy.batchSize, repairMode: antiEntropy.repairMode },
    warnings,
  };
}

type GivenSpec = FederationManifest['spec'];
type GivenMember = GivenSpec['members'][number];

const named = ({ name, region = '', zone = '', endpoint, labels }: GivenSpec['localMember'] | GivenMember): NamedMember =>
  ({ name: asMember(name), region, zone, endpoint, labels });

const tlsOf = (tls: GivenMember['tls'], namespace: string): MemberTls => ({
  ...tls,
  caSecretRef: tls.caSecretRef && { name: tls.caSecretRef.name, namespace },
  clientCertSecretRef: tls.clientCertSecretRef && { name: tls.clientCertSecretRef.name, namespace },
});

/** Reads the two guides' spellings into one meaning (DESIGN §6). */
function readSplitBrain({ spec: { splitBrain: given } }: FederationManifest, findings: Findings): SplitBrain {
  const at = 'spec.splitBrain';
  const weight = (name: keyof GivenSpec['splitBrain']['agentQuorum'], fallback: number): number =>
    oneMeaning({ [`${at}.agentQuorum.${name}`]: given.agentQuorum[name], [`${at}.${name}`]: given[name] }, findings) ?? fallback;
  return {
    enabled: given.enabled,
    quorumMode: oneMeaning({ [`${at}.quorumMode`]: given.quorumMode, [`${at}.mode`]: given.mode }, findings) ?? 'Controllers',
    quorumRequired: given.quorumRequired,
    fencingEnabled: oneMeaning({ [`${at}.fencingEnabled`]: given.fencingEnabled, [`${at}.fenceWrites`]: given.fenceWrites }, findings) ?? false,
    ...(given.quorumSize === undefined ? {} : { quorumSize: given.quorumSize }),
    partitionTimeoutMs: oneMeaning({ [`${at}.partitionTimeout`]: given.partitionTimeout, [`${at}.detectionDelay`]: given.detectionDelay }, findings) ?? 30_000,
    healingGracePeriodMs: given.healingGracePeriod,
    autoResolveOnHeal: given.autoResolveOnHeal,
    controllerWeight: weight('controllerWeight', 10),
    agentWeight: weight('agentWeight', 1),
    minAgentsForQuorum: weight('minAgentsForQuorum', 1),
  };
}

function checkMembers({ spec: { localMember, members } }: FederationManifest, findings: Findings): void {
  const firstWith = new Map<string, string>();
  for (const [at, { name }] of members.entries()) {
    const field = `spec.members[${at.toString()}].name`;
    if (name === '') continue; // a stand-in
    const first = firstWith.get(name);
    if (name === localMember.name) findings.wrong(field, 'is the local member, which is not one of the others', 'are the names of other members, each once', name);
    else if (first !== undefined) findings.wrong(field, `is the same as ${first}`, 'are names that differ', name);
    else firstWith.set(name, field);
  }
}

/** `quorumSize` may raise the majority, never lower it, and never above what there is. */
function checkQuorumSize({ spec: { members, splitBrain: { quorumSize } } }: FederationManifest, findings: Findings): void {
  const field = 'spec.splitBrain.quorumSize';
  if (quorumSize === undefined || findings.isWrong(field) || findings.isWrong('spec.members')) return;
  const all = members.length + 1;
  const majority = Math.floor(all / 2) + 1;
  if (quorumSize >= majority && quorumSize <= all) return;
  const what = quorumSize < majority ? 'is less than a majority, so that two sides could both have quorum' : 'is more than there are members, so that none could ever have quorum';
  findings.wrong(field, what, `are ${majority.toString()} to ${all.toString()} with ${all.toString()} members`, quorumSize);
}

/** A bridge may read secrets of its own namespace only. */
function checkSecrets({ metadata: { namespace }, spec: { members } }: FederationManifest, findings: Findings): void {
  if (findings.isWrong('metadata.namespace')) return;
  for (const [at, { tls }] of members.entries()) {
    for (const ref of ['caSecretRef', 'clientCertSecretRef'] as const) {
      const given = tls[ref]?.namespace;
      const field = `spec.members[${at.toString()}].tls.${ref}.namespace`;
      if (given === undefined || given === namespace || findings.isWrong(field)) continue;
      findings.wrong(field, 'is another namespace than that of this object, and whoever may write this object must not thereby read secrets elsewhere', `is ${JSON.stringify(namespace)}, or nothing`, given);
    }
  }
}

function warn({ spec: { members, conflictResolution } }: FederationManifest, splitBrain: SplitBrain, findings: Findings): void {
  const { warnings } = findings;
  for (const [at, { tls }] of members.entries()) {
    const field = `spec.members[${at.toString()}].tls`;
    if (!tls.enabled) warnings.push(`${field}.enabled is false: nothing proves who this member is, and anybody on the way can read and change what is exchanged`);
    else if (tls.insecureSkipVerify) warnings.push(`${field}.insecureSkipVerify is true: whoever answers at this endpoint is taken for the member`);
  }
  if (!conflictResolution.vectorClocks) warnings.push('spec.conflictResolution.vectorClocks is false: it has no effect, versions are always tracked');
  const fences = splitBrain.enabled && (splitBrain.quorumRequired || splitBrain.fencingEnabled);
  if (fences && splitBrain.quorumMode === 'Controllers' && members.length === 1) {
    warnings.push('spec.splitBrain fences writes and spec.members has one member: of two controllers neither has a majority alone, so both stop writing when either is away; quorumMode AgentAssisted lets agents decide');
  }
}
