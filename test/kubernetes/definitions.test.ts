import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { schemaGaps } from '../../cluster/kubernetes/schema-gaps.ts';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { crdStatus } from '../../shared/replica/crd-status.ts';
import type { RunningCluster } from './running-cluster.ts';
import { DEFINITIONS, EXAMPLES, installDefinitions, must, runCluster } from './running-cluster.ts';

let running: RunningCluster;
let cluster: LocalCluster;
let isOld = false;
/** From this one on API servers print the value that a rule was about. */
const FIRST_WITH_VALUES = 31;
beforeAll(async () => {
  running = await runCluster({ name: 'definitions' });
  ({ cluster } = running);
  const { serverVersion } = JSON.parse(await must(cluster, ['version', '-o', 'json'])) as { serverVersion: { minor: string } };
  isOld = Number.parseInt(serverVersion.minor, 10) < FIRST_WITH_VALUES;
  await must(cluster, ['create', 'namespace', 'novaedge-system']);
  await installDefinitions(cluster);
});
afterAll(() => running.end());

type Changes = Readonly<Record<string, unknown>>;
const federation = (changes: Changes): string => JSON.stringify({
  apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'f', namespace: 'novaedge-system' },
  spec: { federationID: 'prod', localMember: { name: 'us-west', endpoint: 'us-west.example.com:9090' }, ...changes },
});
const route = (rule: Changes): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name: 'r', namespace: 'default' }, spec: { rules: [rule] } });
const vip = (spec: Changes): string => JSON.stringify({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyVIP', metadata: { name: 'v' }, spec });
const eu = { name: 'eu-west', endpoint: 'eu-west.example.com:9090' };

const refused = async (manifest: string): Promise<string> => {
  const { code, stderr } = await cluster.kubectl(['apply', '--server-side', '--dry-run=server', '-f', '-'], manifest);
  return code === 0 ? 'accepted' : stderr;
};
/** What an API server says, in its own words: an older one prints the type of what a rule was about instead of its value. */
const asServed = (text: string): string => (isOld ? text.replaceAll(/Invalid value: (?:"[^"]*"|\d+): /g, 'Invalid value: ') : text);

describe('a mistake in a NovaEdgeFederation is refused with the field and what is accepted', () => {
  test.each<[string, Changes]>([
    ['spec.federationID: Invalid value: "Prod": must be lower-case letters, digits and "-", such as "prod-global"', { federationID: 'Prod' }],
    ['spec.federationID: Required value', { federationID: undefined }],
    ['spec.localMember: Required value', { localMember: undefined }],
    ['spec.localMember.endpoint: Required value', { localMember: { name: 'us-west' } }],
    ['spec.localMember.name: Invalid value: "us_west": must be lower-case letters, digits, "-" and "."', { localMember: { ...eu, name: 'us_west' } }],
    ['spec.localMember.endpoint: Invalid value: "https://us-west": must be host:port without a scheme, such as "controller.example.com:9090"', { localMember: { name: 'us-west', endpoint: 'https://us-west' } }],
    ['spec.mode: Unsupported value: "star": supported values: "hub-spoke", "mesh", "unified"', { mode: 'star' }],
    ['spec.members[0].name: Invalid value: "EU": must be lower-case letters', { members: [{ ...eu, name: 'EU' }] }],
    ['spec.members[0].endpoint: Invalid value: "eu-west": must be host:port', { members: [{ ...eu, endpoint: 'eu-west' }] }],
    ['duplicate entries for key [name="eu-west"]', { members: [eu, eu] }],
    ['spec.members: Invalid value: members are the other members; the local one does not belong among them', { members: [{ ...eu, name: 'us-west' }] }],
    ['spec.members[0].tls.caSecretRef.name: Required value', { members: [{ ...eu, tls: { caSecretRef: {} } }] }],
    ['spec.sync.interval: Invalid value: "5": must be a duration from "100ms" to "1h", such as "5s"', { sync: { interval: '5' } }],
    ['spec.sync.interval: Invalid value: "2h": must be a duration from "100ms" to "1h"', { sync: { interval: '2h' } }],
    ['spec.sync.timeout: Invalid value: "1ms": must be a duration from "100ms" to "10m"', { sync: { timeout: '1ms' } }],
    ['spec.sync.batchSize: Invalid value: 1001: spec.sync.batchSize in body should be less than or equal to 1000', { sync: { batchSize: 1001 } }],
    ['spec.sync.resourceTypes[0]: Invalid value: "routes": spec.sync.resourceTypes[0] in body should match', { sync: { resourceTypes: ['routes'] } }],
    ['spec.sync.excludeNamespaces[0]: Invalid value: "kube-*": spec.sync.excludeNamespaces[0] in body should match', { sync: { excludeNamespaces: ['kube-*'] } }],
    ['spec.conflictResolution.strategy: Unsupported value: "Newest": supported values: "LastWriterWins", "Merge", "Manual"', { conflictResolution: { strategy: 'Newest' } }],
    ['spec.conflictResolution.tombstoneTTL: Invalid value: "1 day": must be a duration, such as "24h"', { conflictResolution: { tombstoneTTL: '1 day' } }],
    ['spec.splitBrain.quorumMode: Unsupported value: "Agents": supported values: "Controllers", "AgentAssisted"', { splitBrain: { quorumMode: 'Agents' } }],
    ['spec.splitBrain: Invalid value: quorumMode and mode are two spellings of one setting', { splitBrain: { quorumMode: 'Controllers', mode: 'AgentAssisted' } }],
    ['spec.splitBrain: Invalid value: partitionTimeout and detectionDelay are two spellings of one setting', { splitBrain: { partitionTimeout: '30s', detectionDelay: '31s' } }],
    ['spec.splitBrain: Invalid value: fencingEnabled and fenceWrites are two spellings of one setting', { splitBrain: { fencingEnabled: true, fenceWrites: false } }],
    ['agentQuorum.controllerWeight and controllerWeight say different things', { splitBrain: { agentQuorum: { controllerWeight: 10 }, controllerWeight: 11 } }],
    ['agentQuorum.agentWeight and agentWeight say different things', { splitBrain: { agentQuorum: { agentWeight: 1 }, agentWeight: 2 } }],
    ['agentQuorum.minAgentsForQuorum and minAgentsForQuorum say different things', { splitBrain: { agentQuorum: { minAgentsForQuorum: 1 }, minAgentsForQuorum: 2 } }],
    ['spec.splitBrain.partitionTimeout: Invalid value: "soon": must be a duration from "100ms" to "1h"', { splitBrain: { partitionTimeout: 'soon' } }],
    ['spec.splitBrain.detectionDelay: Invalid value: "soon": must be a duration from "100ms" to "1h"', { splitBrain: { detectionDelay: 'soon' } }],
    ['spec.splitBrain.healingGracePeriod: Invalid value: "2h": must be a duration of at most "1h"', { splitBrain: { healingGracePeriod: '2h' } }],
    ['spec.splitBrain.quorumSize: Invalid value: must be a majority of all members', { members: [eu, { ...eu, name: 'ap-east' }], splitBrain: { quorumSize: 1 } }],
    ['spec.splitBrain.quorumSize: Invalid value: must be a majority of all members', { members: [eu], splitBrain: { quorumSize: 3 } }],
    ['spec.healthCheck.interval: Invalid value: "1d": must be a duration from "100ms" to "1h"', { healthCheck: { interval: '1d' } }],
    ['spec.healthCheck.timeout: Invalid value: "2m": must be a duration from "10ms" to "1m"', { healthCheck: { timeout: '2m' } }],
    ['spec.healthCheck.failureThreshold: Invalid value: 0: spec.healthCheck.failureThreshold in body should be greater than or equal to 1', { healthCheck: { failureThreshold: 0 } }],
    ['spec.antiEntropy.interval: Invalid value: "48h": must be a duration from "1s" to "24h"', { antiEntropy: { interval: '48h' } }],
    ['spec.antiEntropy.repairMode: Unsupported value: "both": supported values: "pull", "push", "bidirectional"', { antiEntropy: { repairMode: 'both' } }],
    ['.spec.antiEntropi: field not declared in schema', { antiEntropi: {} }],
  ])('%s', async (message, changes) => {
    expect(asServed(await refused(federation(changes)))).toContain(asServed(message));
  });

  test('both spellings that say the same are accepted', async () => {
    const splitBrain = { quorumMode: 'AgentAssisted', mode: 'AgentAssisted', partitionTimeout: '1m', detectionDelay: '60s', fencingEnabled: true, fenceWrites: true, agentQuorum: { agentWeight: 2 }, agentWeight: 2 };

    expect(await refused(federation({ splitBrain }))).toBe('accepted');
  });
});

describe('of other kinds', () => {
  test.each([
    ['spec.rules[0]: Invalid value: backendRef and backendRefs are two spellings of one setting', route({ backendRef: { name: 'b' }, backendRefs: [{ name: 'b' }] })],
    ['spec.rules[0]: Invalid value: needs backendRef, backendRefs or a filter of type RequestRedirect', route({ timeout: '1s' })],
    ['spec.mode: Unsupported value: "ARP": supported values: "L2", "L2ARP", "BGP", "OSPF"', vip({ mode: 'ARP' })],
    ['accepted', route({ filters: [{ type: 'RequestRedirect', redirectURL: 'https://example.com' }] })],
    ['accepted', route({ backendRefs: [{ name: 'b', namespace: 'one' }, { name: 'b', namespace: 'two' }] })],
    ['accepted', vip({ mode: 'L2', address: '192.0.2.1/32', interface: 'eth0' })],
  ])('%s', async (message, manifest) => {
    expect(asServed(await refused(manifest))).toContain(asServed(message));
  });

  test.each(globSync('*.yaml', { cwd: DEFINITIONS }))('%s is structural and accepted by the server as it is', async (file) => {
    const { status } = JSON.parse(await must(cluster, ['get', '-o', 'json', '-f', join(DEFINITIONS, file)]));

    expect(status.conditions.filter((condition: { status: string }) => condition.status === 'True').map(({ type }: { type: string }) => type).sort()).toEqual(['Established', 'NamesAccepted']);
  });

  test.each(globSync('*.yaml', { cwd: DEFINITIONS }))('every field of %s is documented', async (file) => {
    const { plural } = parse(readFileSync(join(DEFINITIONS, file), 'utf8')).spec.names;
    const { spec } = parse(readFileSync(join(DEFINITIONS, file), 'utf8'));
    const explained = await must(cluster, ['explain', `${plural}.spec`]);

    expect(explained).not.toContain('<no description>');
    expect(silent(spec.versions[0].schema.openAPIV3Schema.properties.spec, 'spec')).toEqual([]);
  });
});

interface Described { readonly description?: string; readonly properties?: Readonly<Record<string, Described>>; readonly items?: Described }
/** Paths of fields without a description. */
const silent = (schema: Described, path: string): readonly string[] => [
  ...(schema.description === undefined && !path.endsWith(']') ? [path] : []),
  ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) => silent(child, `${path}.${name}`)),
  ...(schema.items === undefined ? [] : silent(schema.items, `${path}[]`)),
];

describe('the status', () => {
  const members = ['us-west-controller', 'eu-west-controller', 'ap-east-controller'].map((name, at) => ({
    name, region: 'r', endpoint: 'e', isLocal: at === 0, healthy: true, error: at === 1 ? 'slow' : undefined, lastSeenMs: 1_700_000_000_000, lastSyncMs: 1_700_000_000_000, syncLagMs: 0, agents: 1, vectorClock: { [name]: 7 },
  }));
  const status = crdStatus({
    federationId: 'prod-global', localMember: 'us-west-controller', phase: 'Healthy', mode: 'mesh', strategy: 'Merge', members, conflictsPending: 2, resources: 3, exceptions: [],
    conditions: [{ type: 'Ready', status: 'True', reason: 'Healthy', message: 'the federation is Healthy' }], merkleRoot: 'x', localVectorClock: { 'us-west-controller': 7 },
    writesFenced: false, recovering: false, lastSyncMs: 1_700_000_000_000, observedGeneration: 1,
  } as unknown as Parameters<typeof crdStatus>[0], undefined).status ?? '';

  test('that a region writes is kept whole, and kubectl shows the columns of the guide', async () => {
    await must(cluster, ['apply', '--server-side', '-f', join(EXAMPLES, 'setup-guide', 'federation-us-west.yaml')]);
    const { stderr } = await cluster.kubectl(['-n', 'novaedge-system', 'patch', 'fed', 'global-federation', '--subresource=status', '--type=merge', '-p', JSON.stringify({ status: JSON.parse(status) })]);
    const got = JSON.parse(await must(cluster, ['-n', 'novaedge-system', 'get', 'fed', 'global-federation', '-o', 'json']));
    const shown = await must(cluster, ['get', 'novaedgefederation', '-n', 'novaedge-system']);

    expect(stderr).toBe('');
    expect(got.status).toEqual(JSON.parse(status));
    // Lines of the setup guide's step 6; the age is what it is.
    expect(shown.replaceAll(/\d+s\n/g, '5m\n')).toBe([
      'NAME                FEDERATION-ID   PHASE     MEMBERS   SYNCED   AGE',
      'global-federation   prod-global     Healthy   3         3        5m', '',
    ].join('\n'));
  });

  test('cannot be written along with the spec', async () => {
    const [name, path] = ['statusless', '{.status}'];
    const manifest = { ...JSON.parse(federation({})), status: { phase: 'Healthy' } };
    manifest.metadata.name = name;

    await must(cluster, ['create', '-f', '-'], JSON.stringify(manifest));

    expect(await must(cluster, ['-n', 'novaedge-system', 'get', 'fed', name, '-o', `jsonpath=${path}`])).toBe('');
  });
});

test.each([['fed', 'novaedgefederations'], ['nerc', 'novaedgeremoteclusters'], ['nec', 'novaedgeclusters']])('%s is short for %s', async (short, plural) => {
  const served = await must(cluster, ['api-resources', '--api-group=novaedge.io', '--no-headers']);

  expect(served.split('\n').find((line) => line.startsWith(`${plural} `))?.split(/\s+/)[1]).toBe(short);
});

test('remote clusters show the columns of NovaEdge', async () => {
  await must(cluster, ['apply', '-f', join(EXAMPLES, 'user-guide', 'remote-cluster.yaml')]);

  const shown = await must(cluster, ['-n', 'novaedge-system', 'get', 'novaedgeremoteclusters']);

  expect(shown).toMatch(/^NAME +CLUSTER +REGION +PHASE +CONNECTED +AGENTS +AGE\nedge-eu-west +edge-eu-west +eu-west-1 +\d+s\n$/);
});

test('the schema that the server publishes lacks nothing that a region reads', async () => {
  const { components } = JSON.parse(await must(cluster, ['get', '--raw', '/openapi/v3/apis/novaedge.io/v1alpha1']));

  expect(schemaGaps(components.schemas['io.novaedge.v1alpha1.NovaEdgeFederation'])).toEqual([]);
});
