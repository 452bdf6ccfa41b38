import { ENDPOINT_ACCEPTED, isEndpoint, isHostName } from './endpoint.ts';
import { mayBeFederated } from './federated-part.ts';
import { MAX_COUNTED } from './mass-delete.ts';
import { MODES } from './shared-settings.ts';
import type { Reader, TextForm } from './spec-reader.ts';
import { duration, flag, ignored, integer, list, object, oneOf, openObject, optional, required, text, texts } from './spec-reader.ts';
import { SESSION_LIFE_MS } from './token.ts';
import { STRATEGIES } from './view.ts';

/**
 * The fields of a NovaEdgeFederation with their types, limits and defaults, as both guides and the CRD have them; nothing here
 * says what they mean. Fields that are two spellings of one meaning have no default, neither here nor in the CRD: a default
 * filled in for one would contradict what the user wrote in the other.
 */

/** Every member keeps a row, a peer and a heartbeat of every other; and a token, which has 1 KB, may name them all with closed incarnations besides. */
export const MAX_MEMBERS = 32;
/** A tombstone must outlive any write that may still be on its way: twice the life of a write session (DESIGN §4), which is longer than any handler runs. */
export const MINIMUM_TOMBSTONE_TTL_MS = 2 * SESSION_LIFE_MS;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const INT32 = 2 ** 31 - 1;
/** Kubernetes' limit for a list that is validated item by item. */
const MAX_LIST = 1000;
const MAX_ROUNDS = 1000;
/** They travel with every heartbeat. */
const MAX_MARKS = 100;

const form = (pattern: RegExp, accepted: string): TextForm => ({ matches: (given) => pattern.test(given), accepted });

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const federationId = form(new RegExp(`^(?=.{1,63}$)${LABEL}$`), 'are 1 to 63 lower-case letters, digits and "-", such as "prod-global"');
// A member's name becomes part of certificates, ledger keys and paths.
const memberName = form(new RegExp(`^(?=.{1,63}$)${LABEL}(\\.${LABEL})*$`), 'are 1 to 63 lower-case letters, digits, "-" and ".", such as "us-west-controller"');
const objectName = form(new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`), 'are 1 to 253 lower-case letters, digits, "-" and "."');
const namespaceName = form(new RegExp(`^(?=.{1,63}$)${LABEL}$`), 'are namespaces: 1 to 63 lower-case letters, digits and "-", no patterns');
const place = form(/^.{0,253}$/, 'are at most 253 characters, such as "us-west-2"');
const endpoint: TextForm = { matches: isEndpoint, accepted: ENDPOINT_ACCEPTED };
const serverName: TextForm = { matches: isHostName, accepted: 'is a name of the peer\'s certificate, such as "controller.example.com"' };
const RESOURCE_TYPE = /^(?<kind>[A-Z][A-Za-z0-9]{0,62})(?:\.(?<group>[a-z0-9][-a-z0-9.]*[a-z0-9]))?$/;

// As Kubernetes names labels and annotations; one that ends in "/" or "." stands for everything below it.
const MARK_PART = '[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const ownershipMark = form(new RegExp(`^(?=.{1,317}$)(${LABEL}(\\.${LABEL})*/(${MARK_PART}\\.?)?|${MARK_PART}\\.?)$`), 'are names of labels or annotations, such as "app.kubernetes.io/instance", or "argocd.argoproj.io/" for everything below it');

const resourceType: Reader<string> = (value, field, findings) => {
  const accepted = 'are Kind or Kind.group, such as "ProxyRoute" or "HTTPRoute.gateway.networking.k8s.io"';
  const type = text(form(RESOURCE_TYPE, accepted))(value, field, findings);
  const { kind = '', group = '' } = RESOURCE_TYPE.exec(type)?.groups ?? {};
  if (!mayBeFederated(group, kind)) {
    findings.wrong(field, 'is never federated: it belongs to the cluster itself or grants rights in it', 'are other kinds', type);
  }
  return type;
};

const secretRef = optional(object({ name: text(objectName), namespace: optional(text(namespaceName)) }));

const tls = object({
  enabled: flag(true),
  serverName: optional(text(serverName)),
  caSecretRef: secretRef,
  clientCertSecretRef: secretRef,
  insecureSkipVerify: flag(false),
});

const whereAndWho = { name: text(memberName), region: optional(text(place)), zone: optional(text(place)), endpoint: text(endpoint), labels: texts };
const localMember = object({ ...whereAndWho, priority: optional(integer({ min: -INT32, max: INT32 }, 0)) });
const remoteMember = object({ ...whereAndWho, priority: integer({ min: -INT32, max: INT32 }, 100), tls });

const weight = optional(integer({ min: 1, max: INT32 }, 1));
const agents = { controllerWeight: weight, agentWeight: weight, minAgentsForQuorum: optional(integer({ min: 0, max: INT32 }, 0)) };
const quorumMode = optional(oneOf(['Controllers', 'AgentAssisted']));
const partitionTimeout = optional(duration(0, { minMs: 100, maxMs: HOUR, why: 'a shorter time would take every slow answer for a partition' }));

const splitBrain = object({
  enabled: flag(true),
  quorumMode, mode: quorumMode,
  partitionTimeout, detectionDelay: partitionTimeout,
  fencingEnabled: optional(flag(false)), fenceWrites: optional(flag(false)),
  quorumRequired: flag(false),
  quorumSize: optional(integer({ min: 1, max: MAX_MEMBERS + 1 }, 1)),
  healingGracePeriod: duration(5 * SECOND, { maxMs: HOUR, why: 'a fence must not outlast its partition by more' }),
  autoResolveOnHeal: flag(true),
  agentQuorum: object(agents), ...agents,
});

const massDelete = object({
  threshold: integer({ min: 1, max: MAX_COUNTED }, 10),
  percent: integer({ min: 0, max: 100 }, 10),
  window: duration(MINUTE, { minMs: SECOND, maxMs: HOUR, why: 'as many deletes as are let through within it are remembered' }),
});

const sync = object({
  interval: duration(5 * SECOND, { minMs: 100, maxMs: HOUR, why: 'every interval costs an exchange with every peer' }),
  timeout: duration(30 * SECOND, { minMs: 100, maxMs: SESSION_LIFE_MS, why: 'a handler runs no longer than a write session lives' }),
  batchSize: integer({ min: 1, max: 1000 }, 100),
  compression: flag(true),
  resourceTypes: list(resourceType, { max: MAX_LIST }),
  excludeNamespaces: list(text(namespaceName), { max: MAX_LIST }),
  ownershipMarks: list(text(ownershipMark), { max: MAX_MARKS }),
  massDelete,
});

const healthCheck = object({
  interval: duration(10 * SECOND, { minMs: 100, maxMs: HOUR, why: 'every interval costs a heartbeat to every peer' }),
  timeout: duration(5 * SECOND, { minMs: 10, maxMs: MINUTE, why: 'a heartbeat is one small message' }),
  failureThreshold: integer({ min: 1, max: MAX_ROUNDS }, 3),
  successThreshold: integer({ min: 1, max: MAX_ROUNDS }, 1),
});

const antiEntropy = object({
  enabled: flag(true),
  interval: duration(5 * MINUTE, { minMs: SECOND, maxMs: 24 * HOUR, why: 'every interval compares with every peer; changes travel by sync' }),
  batchSize: integer({ min: 1, max: 1000 }, 100),
  repairMode: oneOf(['pull', 'push', 'bidirectional'], 'bidirectional'),
});

const conflictResolution = (minimumTombstoneTtlMs: number) => object({
  strategy: oneOf(STRATEGIES, 'LastWriterWins'),
  vectorClocks: flag(true),
  tombstoneTTL: duration(24 * HOUR, { minMs: minimumTombstoneTtlMs, why: 'a write that is still on its way would bring back what was deleted' }),
});

/** The whole object. */
export const federationManifest = (minimumTombstoneTtlMs: number) => object({
  apiVersion: oneOf(['novaedge.io/v1alpha1']),
  kind: oneOf(['NovaEdgeFederation']),
  metadata: required(openObject({ name: text(objectName), namespace: text(namespaceName) })),
  spec: required(object({
    federationID: text(federationId),
    mode: oneOf(MODES, 'mesh'),
    paused: flag(false),
    localMember: required(localMember),
    members: list(remoteMember, { max: MAX_MEMBERS }),
    sync,
    conflictResolution: conflictResolution(minimumTombstoneTtlMs),
    splitBrain,
    healthCheck,
    antiEntropy,
  })),
  status: ignored,
});

/** Every field of the spec that is read, by path: `spec.mode`, `spec.members[].tls.serverName`. */
export const FEDERATION_SPEC_FIELDS: readonly string[] = (federationManifest(0).below ?? [])
  .filter((path) => path.startsWith('.spec.'))
  .map((path) => path.slice(1));

/** What a reader returns. */
export type Read<R> = R extends Reader<infer T> ? T : never;
/** The object as it was written, defaults filled in. */
export type FederationManifest = Read<ReturnType<typeof federationManifest>>;
