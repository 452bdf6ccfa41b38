import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Json, JsonObject } from './content.ts';
import { isObject } from './content.ts';
import { DEFAULT_RESOURCE_TYPES, OWNERSHIP_MARKS } from './federated-part.ts';
import type { FederationSpec } from './federation-spec.ts';
import { FederationSpecError, filterOf, parseFederation, sharedSettingsOf } from './federation-spec.ts';

const examples = new URL('../../docs/examples/', import.meta.url);

function example(path: string): JsonObject {
  const manifest: unknown = parse(readFileSync(new URL(path, examples), 'utf8'));
  if (!isObject(manifest)) throw new TypeError(`${path} holds no object`);
  return manifest;
}

/** The least object that is accepted. */
const least: JsonObject = {
  apiVersion: 'novaedge.io/v1alpha1',
  kind: 'NovaEdgeFederation',
  metadata: { name: 'global', namespace: 'novaedge-system' },
  spec: { federationID: 'prod', localMember: { name: 'us', endpoint: 'us.example.com:9090' } },
};

/** `base` with the value at a path such as `spec.members[1].name` replaced; undefined takes it away. */
function having(path: string, value: Json | undefined, base: JsonObject = withMembers(2)): JsonObject {
  const copy = structuredClone(base) as Record<string, Json>;
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
  const last = steps.pop() ?? '';
  let at: Record<string, Json> = copy;
  for (const [depth, step] of steps.entries()) at = (at[step] ??= /^\d+$/.test(steps[depth + 1] ?? last) ? [] : {}) as Record<string, Json>;
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
}

const member = (name: string): JsonObject => ({ name, endpoint: `${name}.example.com:9090` });
const withMembers = (count: number): JsonObject =>
  having('spec.members', Array.from({ length: count }, (_, at) => member(`m${at.toString()}`)), least);

function problemsOf(manifest: JsonObject, minimumTombstoneTtlMs?: number): readonly { field: string; message: string }[] {
  try {
    parseFederation(manifest, minimumTombstoneTtlMs);
  } catch (error) {
    if (error instanceof FederationSpecError) return error.problems;
    throw error;
  }
  return [];
}

describe('the manifests of the guides', () => {
  const guides = ['setup-guide', 'user-guide'].flatMap((guide) => readdirSync(new URL(guide, examples)).map((file) => `${guide}/${file}`));
  const federations = guides.filter((path) => /\/federation-(?!service)/.test(path));

  test('are all here', () => {
    expect(federations).toHaveLength(7);
  });

  test.each(federations)('%s is accepted without a warning', (path) => {
    expect(parseFederation(example(path)).warnings).toEqual([]);
  });

  test('the setup guide reads as it is written', () => {
    const tls = (name: string, secret: string) => ({
      enabled: true,
      serverName: name,
      caSecretRef: { name: 'novaedge-federation-ca', namespace: 'novaedge-system' },
      clientCertSecretRef: { name: secret, namespace: 'novaedge-system' },
      insecureSkipVerify: false,
    });

    expect(parseFederation(example('setup-guide/federation-us-west-controllers-quorum.yaml'))).toEqual({
      name: 'global-federation',
      namespace: 'novaedge-system',
      federationId: 'prod-global',
      paused: false,
      localMember: { name: 'us-west-controller', region: 'us-west', zone: 'us-west-2a', endpoint: 'controller.us-west.example.com:9090', labels: {}, priority: 0 },
      members: [
        { name: 'eu-west-controller', region: 'eu-west', zone: 'eu-west-1a', endpoint: 'controller.eu-west.example.com:9090', labels: {}, priority: 100, tls: tls('eu-west-controller', 'novaedge-peer-eu-west') },
        { name: 'ap-east-controller', region: 'ap-east', zone: 'ap-east-1a', endpoint: 'controller.ap-east.example.com:9090', labels: {}, priority: 200, tls: tls('ap-east-controller', 'novaedge-peer-ap-east') },
      ],
      shared: {
        mode: 'mesh',
        strategy: 'LastWriterWins',
        tombstoneTtlMs: 24 * 3_600_000, ownershipMarks: OWNERSHIP_MARKS,
        splitBrain: {
          enabled: true, quorumMode: 'Controllers', quorumRequired: false, fencingEnabled: true, quorumSize: 2, partitionTimeoutMs: 30_000,
          healingGracePeriodMs: 5000, autoResolveOnHeal: true, controllerWeight: 10, agentWeight: 1, minAgentsForQuorum: 1,
        },
      },
      sync: { intervalMs: 5000, timeoutMs: 30_000, batchSize: 100, compression: true, resourceTypes: DEFAULT_RESOURCE_TYPES, excludeNamespaces: [], massDelete: { threshold: 10, percent: 10, windowMs: 60_000 } },
      vectorClocks: true,
      healthCheck: { intervalMs: 10_000, timeoutMs: 5000, failureThreshold: 3, successThreshold: 1 },
      antiEntropy: { enabled: true, intervalMs: 300_000, batchSize: 100, repairMode: 'bidirectional' },
      warnings: [],
    } satisfies Record<keyof FederationSpec, unknown>);
  });

  test('the user guide\'s mesh reads its own spelling of split-brain', () => {
    const { shared } = parseFederation(example('user-guide/federation-mesh.yaml'));

    expect(shared).toMatchObject({
      mode: 'mesh',
      strategy: 'Merge',
      splitBrain: { quorumMode: 'AgentAssisted', quorumRequired: true, fencingEnabled: true, partitionTimeoutMs: 30_000, healingGracePeriodMs: 5000, autoResolveOnHeal: true },
    });
  });

  test('the user guide\'s hub is in hub-spoke mode and fences nothing', () => {
    const spec = parseFederation(example('user-guide/federation-hub-spoke.yaml'));

    expect(spec.shared).toMatchObject({ mode: 'hub-spoke', splitBrain: { quorumRequired: false, fencingEnabled: false } });
    expect(spec.members[0]).toMatchObject({ priority: 10, tls: { serverName: 'spoke-eu.example.com', caSecretRef: { name: 'federation-ca' } } });
  });

  test('agent-assisted quorum reads its weights', () => {
    expect(parseFederation(example('setup-guide/federation-us-west-agent-assisted.yaml')).shared.splitBrain)
      .toMatchObject({ quorumMode: 'AgentAssisted', controllerWeight: 10, agentWeight: 1, minAgentsForQuorum: 1, fencingEnabled: true });
  });
});

describe('defaults', () => {
  test('the least object gets every documented default', () => {
    expect(parseFederation(least)).toEqual({
      name: 'global',
      namespace: 'novaedge-system',
      federationId: 'prod',
      paused: false,
      localMember: { name: 'us', region: '', zone: '', endpoint: 'us.example.com:9090', labels: {}, priority: undefined },
      members: [],
      shared: {
        mode: 'mesh', strategy: 'LastWriterWins', tombstoneTtlMs: 86_400_000, ownershipMarks: OWNERSHIP_MARKS,
        splitBrain: {
          enabled: true, quorumMode: 'Controllers', quorumRequired: false, fencingEnabled: false, quorumSize: undefined, partitionTimeoutMs: 30_000,
          healingGracePeriodMs: 5000, autoResolveOnHeal: true, controllerWeight: 10, agentWeight: 1, minAgentsForQuorum: 1,
        },
      },
      sync: { intervalMs: 5000, timeoutMs: 30_000, batchSize: 100, compression: true, resourceTypes: DEFAULT_RESOURCE_TYPES, excludeNamespaces: [], massDelete: { threshold: 10, percent: 10, windowMs: 60_000 } },
      vectorClocks: true,
      healthCheck: { intervalMs: 10_000, timeoutMs: 5000, failureThreshold: 3, successThreshold: 1 },
      antiEntropy: { enabled: true, intervalMs: 300_000, batchSize: 100, repairMode: 'bidirectional' },
      warnings: [],
    });
  });

  test('a member without tls and priority gets both', () => {
    expect(parseFederation(withMembers(1)).members[0]).toMatchObject({
      priority: 100,
      tls: { enabled: true, serverName: undefined, caSecretRef: undefined, clientCertSecretRef: undefined, insecureSkipVerify: false },
    });
  });

  test('null is a missing field, as in Kubernetes', () => {
    expect(parseFederation(having('spec.sync', null, least))).toEqual(parseFederation(least));
  });

  test('what the API server adds is no mistake', () => {
    const stored = { ...least, metadata: { name: 'global', namespace: 'novaedge-system', uid: 'u', generation: 3, managedFields: [], annotations: { 'novaedge.io/force-reconcile': '1' } }, status: { phase: 'Healthy' } };

    expect(parseFederation(stored)).toEqual(parseFederation(least));
  });

  test('shared settings and filter are what the spec says', () => {
    const spec = parseFederation(having('spec.sync', { resourceTypes: ['ProxyRoute', 'Secret'], excludeNamespaces: ['kube-system'] }, least));

    expect(sharedSettingsOf(spec)).toBe(spec.shared);
    expect(filterOf(spec)).toEqual({ resourceTypes: ['ProxyRoute', 'Secret'], excludeNamespaces: ['kube-system'], ownershipMarks: OWNERSHIP_MARKS });
  });

  test('a list of ownership marks stands in place of the default one', () => {
    const ownershipMarks = ['team', 'app.kubernetes.io/instance', 'argocd.argoproj.io/', 'fleet.example.com/rev.'];

    expect(sharedSettingsOf(parseFederation(having('spec.sync', { ownershipMarks }, least))).ownershipMarks).toEqual(ownershipMarks);
    expect(sharedSettingsOf(parseFederation(having('spec.sync', { ownershipMarks: [] }, least))).ownershipMarks).toEqual(OWNERSHIP_MARKS);
  });
});

describe('two spellings of one meaning', () => {
  const spellings = [
    ['partitionTimeout', 'detectionDelay', '45s', '1m', 'partitionTimeoutMs', 45_000],
    ['quorumMode', 'mode', 'AgentAssisted', 'Controllers', 'quorumMode', 'AgentAssisted'],
    ['fencingEnabled', 'fenceWrites', true, false, 'fencingEnabled', true],
    ['agentQuorum.controllerWeight', 'controllerWeight', 7, 8, 'controllerWeight', 7],
    ['agentQuorum.agentWeight', 'agentWeight', 2, 3, 'agentWeight', 2],
    ['agentQuorum.minAgentsForQuorum', 'minAgentsForQuorum', 0, 3, 'minAgentsForQuorum', 0],
  ] as const;

  test.each(spellings)('%s and %s mean the same', (first, second, value, _other, field, meaning) => {
    const inBoth = having(`spec.splitBrain.${second}`, value, having(`spec.splitBrain.${first}`, value));
    for (const manifest of [having(`spec.splitBrain.${first}`, value), having(`spec.splitBrain.${second}`, value), inBoth]) {
      expect(parseFederation(manifest).shared.splitBrain[field]).toBe(meaning);
    }
  });

  test.each(spellings)('%s and %s saying different things is an error that names both', (first, second, value, other) => {
    const problems = problemsOf(having(`spec.splitBrain.${second}`, other, having(`spec.splitBrain.${first}`, value)));

    expect(problems).toEqual([{ field: `spec.splitBrain.${second}`, message: expect.stringContaining(`spec.splitBrain.${first}`) as string }]);
  });

  test('a duration spelled in two ways is still one', () => {
    expect(problemsOf(having('spec.splitBrain', { partitionTimeout: '60s', detectionDelay: '1m' }))).toEqual([]);
  });
});

describe('mistakes', () => {
  // [what, path, value, what the message must say]; every message must name the path.
  const cases: readonly (readonly [string, string, Json | undefined, RegExp])[] = [
    ['a missing id', 'spec.federationID', undefined, /is missing; accepted are 1 to 63/],
    ['an id in capitals', 'spec.federationID', 'Prod', /got "Prod"; accepted are 1 to 63 lower-case/],
    ['an id that ends in a dash', 'spec.federationID', 'prod-', /not accepted/],
    ['an id of 64 characters', 'spec.federationID', 'a'.repeat(64), /1 to 63/],
    ['another kind', 'kind', 'ProxyRoute', /accepted is "NovaEdgeFederation"/],
    ['another version', 'apiVersion', 'novaedge.io/v2', /accepted is "novaedge.io\/v1alpha1"/],
    ['no metadata', 'metadata', undefined, /is missing/],
    ['no name', 'metadata.name', undefined, /is missing/],
    ['no namespace', 'metadata.namespace', undefined, /is missing/],
    ['no spec', 'spec', undefined, /is missing/],
    ['a text for a spec', 'spec', 'mesh', /is not an object, got "mesh"/],
    ['no local member', 'spec.localMember', undefined, /is missing/],
    ['an unknown mode', 'spec.mode', 'star', /got "star"; accepted are "hub-spoke", "mesh", "unified"/],
    ['a text for a flag', 'spec.paused', 'true', /neither true nor false.*without quotes/],
    ['a member without an endpoint', 'spec.members[1].endpoint', undefined, /is missing; accepted is host:port/],
    ['an endpoint with a scheme', 'spec.members[1].endpoint', 'https://eu.example.com:9090', /without a scheme/],
    ['an endpoint without a port', 'spec.localMember.endpoint', 'eu.example.com', /host:port/],
    ['a number for a name', 'spec.members[0].name', 7, /is not a text, got 7/],
    ['a name of 64 characters', 'spec.members[0].name', 'a'.repeat(64), /1 to 63/],
    ['a name that leads elsewhere', 'spec.members[0].name', '../etc', /not accepted/],
    ['the local member among the others', 'spec.members[1].name', 'us', /is the local member/],
    ['a name used twice', 'spec.members[1].name', 'm0', /is the same as spec\.members\[0\]\.name/],
    ['a member that is no object', 'spec.members[1]', 'eu', /is not an object/],
    ['members that are no list', 'spec.members', { eu: {} }, /is not a list/],
    ['a priority that is no whole number', 'spec.members[0].priority', 1.5, /whole numbers/],
    ['a label that is no text', 'spec.members[0].labels.tier', 1, /is not a text.*in quotes/],
    ['labels that are no object', 'spec.localMember.labels', ['a'], /is not an object/],
    ['a secret in another namespace', 'spec.members[0].tls.caSecretRef', { name: 'ca', namespace: 'kube-system' }, /read secrets elsewhere.*"novaedge-system"/],
    ['a client certificate in another namespace', 'spec.members[0].tls.clientCertSecretRef', { name: 'ca', namespace: 'other' }, /read secrets elsewhere/],
    ['a secret without a name', 'spec.members[0].tls.caSecretRef', {}, /is missing/],
    ['a server name with a port', 'spec.members[0].tls.serverName', 'eu:9090', /name of the peer's certificate/],
    ['a duration without a unit', 'spec.sync.interval', '5', /is not a duration, got "5"; accepted are durations/],
    ['a number for a duration', 'spec.sync.interval', 5, /is not a text, got 5; accepted are durations in quotes/],
    ['an interval under the floor', 'spec.sync.interval', '99ms', /at least 100ms.*every interval costs/],
    ['a timeout over a session\'s life', 'spec.sync.timeout', '11m', /at most 10m/],
    ['an empty batch', 'spec.sync.batchSize', 0, /from 1 to 1000/],
    ['a batch over the limit', 'spec.sync.batchSize', 1001, /from 1 to 1000/],
    ['a text for a number', 'spec.sync.batchSize', '100', /got "100"/],
    ['resource types that are no list', 'spec.sync.resourceTypes', 'ProxyRoute', /is not a list/],
    ['a resource type in lower case', 'spec.sync.resourceTypes[0]', 'proxyroutes', /Kind or Kind\.group/],
    ['a resource type without its kind', 'spec.sync.resourceTypes[0]', 'novaedge.io', /Kind or Kind\.group/],
    ['a kind that is never federated', 'spec.sync.resourceTypes[0]', 'ServiceAccount', /never federated/],
    ['a group that is never federated', 'spec.sync.resourceTypes[0]', 'ClusterRole.rbac.authorization.k8s.io', /never federated/],
    ['itself', 'spec.sync.resourceTypes[0]', 'NovaEdgeFederation.novaedge.io', /never federated/],
    ['a pattern for a namespace', 'spec.sync.excludeNamespaces[0]', 'kube-*', /no patterns/],
    ['a pattern for an ownership mark', 'spec.sync.ownershipMarks[0]', 'argocd.*', /names of labels or annotations, such as "app\.kubernetes\.io\/instance"/],
    ['an ownership mark with two slashes', 'spec.sync.ownershipMarks[0]', 'a.b/c/d', /names of labels or annotations/],
    ['an ownership mark of everything', 'spec.sync.ownershipMarks[0]', '/', /names of labels or annotations/],
    ['no delete at all', 'spec.sync.massDelete.threshold', 0, /from 1 to 5000/],
    ['more than all objects', 'spec.sync.massDelete.percent', 101, /from 0 to 100/],
    ['deletes of a day', 'spec.sync.massDelete.window', '24h', /at most 1h.*are remembered/],
    ['an unknown strategy', 'spec.conflictResolution.strategy', 'FirstWriterWins', /"LastWriterWins", "Merge", "Manual"/],
    ['a tombstone\'s life that is too short', 'spec.conflictResolution.tombstoneTTL', '19m', /at least 20m.*bring back what was deleted/],
    ['a health interval under the floor', 'spec.healthCheck.interval', '1ms', /at least 100ms.*heartbeat to every peer/],
    ['no failures at all', 'spec.healthCheck.failureThreshold', 0, /from 1 to 1000/],
    ['a quorum below the majority', 'spec.splitBrain.quorumSize', 1, /less than a majority.*2 to 3 with 3 members/],
    ['a quorum above all members', 'spec.splitBrain.quorumSize', 4, /more than there are.*2 to 3 with 3 members/],
    ['a weight of nothing', 'spec.splitBrain.agentWeight', 0, /whole numbers from 1/],
    ['an unknown quorum mode', 'spec.splitBrain.mode', 'agents', /"Controllers", "AgentAssisted"/],
    ['an unknown repair mode', 'spec.antiEntropy.repairMode', 'both', /"pull", "push", "bidirectional"/],
    ['a comparison every moment', 'spec.antiEntropy.interval', '10ms', /at least 1s/],
    ['an unknown field', 'spec.sync.frequency', '5s', /is not a field; accepted are interval, timeout/],
    ['a field in the wrong case', 'spec.federationId', 'prod', /did you mean federationID\?/],
    ['a slip of the pen', 'spec.splitBrain.fenceWritse', true, /did you mean fenceWrites\?/],
    ['a field in the wrong place', 'spec.tombstoneTTL', '24h', /is not a field/],
    ['a field beside the spec', 'sepc', {}, /did you mean spec\?/],
    ['a field with a strange name', 'spec.__proto__x', {}, /is not a field/],
  ];

  test.each(cases)('%s', (_what, path, value, says) => {
    const problems = problemsOf(having(path, value));

    expect(problems).toHaveLength(1);
    expect(problems[0]?.field.startsWith(path)).toBe(true);
    expect(problems[0]?.message).toMatch(says);
    expect(problems[0]?.message).toContain(path);
  });

  test('all of one object are found at once', () => {
    const manifest: JsonObject = {
      ...least,
      spec: {
        federationID: 'Prod', mode: 'ring', localMember: { name: 'us' }, members: [{ name: 'eu', endpoint: 'eu', tls: { enabled: 'yes' } }, 'ap'],
        sync: { interval: 'soon', batchSize: -1 }, splitBrain: { partitionTimeout: '1m', detectionDelay: '2m' }, extra: 1,
      },
    };

    expect(problemsOf(manifest).map(({ field }) => field).sort()).toEqual([
      'spec.extra', 'spec.federationID', 'spec.localMember.endpoint', 'spec.members[0].endpoint', 'spec.members[0].tls.enabled', 'spec.members[1]',
      'spec.mode', 'spec.splitBrain.detectionDelay', 'spec.sync.batchSize', 'spec.sync.interval',
    ]);
  });

  test.each<[string, JsonObject, string[]]>([
    ['members that are no objects are no namesakes', having('spec.members', ['eu', 'ap']), ['spec.members[0]', 'spec.members[1]']],
    ['members that cannot be read leave the majority open', having('spec.splitBrain.quorumSize', 2, having('spec.members', 'eu')), ['spec.members']],
    ['an object without a namespace leaves that of a secret open', having('metadata.namespace', undefined, having('spec.members[0].tls.caSecretRef', { name: 'ca', namespace: 'other' })), ['metadata.namespace']],
    ['two spellings of which one cannot be read', having('spec.splitBrain', { partitionTimeout: 'soon', detectionDelay: '1m' }), ['spec.splitBrain.partitionTimeout']],
  ])('one is not told twice: %s', (_what, manifest, fields) => {
    expect(problemsOf(manifest).map(({ field }) => field)).toEqual(fields);
  });

  test('the error says them all, and is bounded', () => {
    const extra = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`extra${at.toString()}`, 'x'.repeat(10_000)]));

    try {
      parseFederation(having('spec.sync', extra));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(FederationSpecError);
      if (!(error instanceof FederationSpecError)) return;
      expect(error.problems).toHaveLength(500);
      expect(error.message).toContain('and 450 more');
      expect(error.message.length).toBeLessThan(32_768);
    }
  });

  test('as many other members as a token can name are accepted, one more is not', () => {
    expect(problemsOf(withMembers(32))).toEqual([]);
    expect(problemsOf(withMembers(33)).map(({ message }) => message)).toEqual(['spec.members: has 33 items; accepted are at most 32']);
  });

  test('a __proto__ in the object is a field like any other', () => {
    const manifest = JSON.parse(JSON.stringify(least).replace('"spec":{', '"spec":{"__proto__":{"paused":true},')) as JsonObject;

    expect(problemsOf(manifest).map(({ field }) => field)).toEqual(['spec.__proto__']);
  });

  test('a shorter tombstone is accepted where a test asks for it', () => {
    const manifest = having('spec.conflictResolution.tombstoneTTL', '2s');

    expect(problemsOf(manifest, 1000)).toEqual([]);
    expect(problemsOf(manifest, 3000)).toHaveLength(1);
  });
});

describe('warnings', () => {
  test.each([
    ['spec.members[0].tls.insecureSkipVerify', true],
    ['spec.members[1].tls.enabled', false],
    ['spec.conflictResolution.vectorClocks', false],
  ] as const)('%s = %s is accepted with a word', (path, value) => {
    expect(parseFederation(having(path, value)).warnings).toEqual([expect.stringContaining(path)]);
  });

  test.each([['Controllers', 1], ['AgentAssisted', 0]])('fencing two members by %s: %i warnings', (quorumMode, count) => {
    expect(parseFederation(having('spec.splitBrain', { fencingEnabled: true, quorumMode }, withMembers(1))).warnings).toHaveLength(count);
  });
});
