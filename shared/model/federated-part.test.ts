import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gateways, jsonObjects } from './arbitraries.ts';
import type { JsonObject } from './content.ts';
import { parseContent } from './content.ts';
import { DEFAULT_RESOURCE_TYPES, ManifestError, OWNERSHIP_MARKS, TOKEN_ANNOTATION, federatedPart, filterHashOf, isLocalMark, mayBeFederated, passesFilter } from './federated-part.ts';
import { ResourceNameError } from './resource-key.ts';

const partOf = (manifest: JsonObject): JsonObject => parseContent(federatedPart(manifest).content.text);

/** An object with everything an API server and the usual tools put on it. */
const manifest: JsonObject = {
  apiVersion: 'novaedge.io/v1alpha1',
  kind: 'ProxyRoute',
  metadata: {
    name: 'api',
    namespace: 'default',
    uid: '6f1c',
    resourceVersion: '123',
    generation: 4,
    creationTimestamp: '2026-01-01T00:00:00Z',
    deletionTimestamp: '2026-01-02T00:00:00Z',
    deletionGracePeriodSeconds: 30,
    generateName: 'api-',
    selfLink: '/apis/…',
    managedFields: [{ manager: 'kubectl' }],
    ownerReferences: [{ kind: 'ProxyGateway', name: 'edge', uid: 'u' }],
    finalizers: ['novaedge.io/cleanup'],
    labels: { team: 'edge', 'app.kubernetes.io/name': 'api', 'app.kubernetes.io/instance': 'api', 'app.kubernetes.io/managed-by': 'Helm', 'kustomize.toolkit.fluxcd.io/name': 'apps', 'helm.sh/chart': 'api-1' },
    annotations: {
      'example.com/note': 'keep', 'federation.novaedge.io/token': '1...', 'federation.novaedge.io/deleting': 'x', 'novaedge.io/force-reconcile': '1',
      'kubectl.kubernetes.io/last-applied-configuration': '{}', 'argocd.argoproj.io/tracking-id': 'x', 'meta.helm.sh/release-name': 'api', 'velero.io/backup': 'b',
      'objectset.rio.cattle.io/hash': 'h', 'field.cattle.io/creatorId': 'c', 'applyset.kubernetes.io/part-of': 'a', 'fluxcd.io/sync': 's',
    },
  },
  spec: { hostnames: ['a.example.com'] },
  data: { kept: 'too' },
  status: { conditions: [] },
};

describe('what is federated of an object', () => {
  test('is every top-level field but status; of metadata labels and annotations without marks', () => {
    expect(partOf(manifest)).toEqual({
      apiVersion: 'novaedge.io/v1alpha1',
      kind: 'ProxyRoute',
      metadata: { labels: { team: 'edge', 'app.kubernetes.io/name': 'api' }, annotations: { 'example.com/note': 'keep' } },
      spec: { hostnames: ['a.example.com'] },
      data: { kept: 'too' },
    });
    expect(federatedPart(manifest).key).toBe('novaedge.io/ProxyRoute/default/api');
  });

  test('is the same whatever the cluster adds on its own', () => {
    fc.assert(fc.property(gateways, jsonObjects, jsonObjects, fc.subarray(Object.keys(manifest['metadata'] as JsonObject)), (content, status, labels, added) => {
      const own = Object.fromEntries(added.filter((field) => !['name', 'namespace', 'labels', 'annotations'].includes(field)).map((field) => [field, (manifest['metadata'] as JsonObject)[field] ?? null]));
      const bare = { ...content, metadata: { name: 'edge', namespace: 'default', labels } };
      const stored = { ...content, status, metadata: { ...own, labels: { ...labels, 'helm.sh/chart': 'x' }, name: 'edge', annotations: { [TOKEN_ANNOTATION]: 'x' }, namespace: 'default' } };
      const [a, b] = [federatedPart(bare), federatedPart(stored)];
      expect([b.key, b.content.hash]).toEqual([a.key, a.content.hash]);
    }));
  });

  test('is applied to its own result without a change', () => {
    const part = partOf(manifest);

    expect(federatedPart({ ...part, metadata: { ...(part['metadata'] as JsonObject), name: 'api', namespace: 'default' } }).content).toEqual(federatedPart(manifest).content);
  });

  test('has no metadata where nothing of it travels', () => {
    expect(partOf({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { 'helm.sh/chart': 'x' }, annotations: {} } })).toEqual({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  test('of a cluster-scoped or core object has a key with empty parts', () => {
    expect(federatedPart({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'b' } }).key).toBe('/ConfigMap/b/a');
    expect(federatedPart({ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name: 'a' } }).key).toBe('gateway.networking.k8s.io/GatewayClass//a');
  });

  test('can leave out further marks', () => {
    expect(parseContent(federatedPart(manifest, [...OWNERSHIP_MARKS, 'team', 'example.com/']).content.text)['metadata']).toEqual({ labels: { 'app.kubernetes.io/name': 'api' } });
  });

  test.each<[string, JsonObject, RegExp]>([
    ['no apiVersion', { kind: 'A', metadata: { name: 'a' } }, /apiVersion is missing/],
    ['an empty apiVersion', { apiVersion: '', kind: 'A', metadata: { name: 'a' } }, /apiVersion is missing/],
    ['no kind', { apiVersion: 'v1', metadata: { name: 'a' } }, /kind is missing/],
    ['no metadata', { apiVersion: 'v1', kind: 'A' }, /metadata is missing/],
    ['no name', { apiVersion: 'v1', kind: 'A', metadata: {} }, /metadata\.name is missing/],
    ['a namespace that is no text', { apiVersion: 'v1', kind: 'A', metadata: { name: 'a', namespace: 1 } }, /metadata\.namespace is not a text/],
    ['what JSON cannot say', { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, spec: { weight: Infinity } }, /content\/spec\/weight is not a finite number/],
  ])('%s is a mistake that is named', (_what, wrong, says) => {
    expect(() => federatedPart(wrong)).toThrow(ManifestError);
    expect(() => federatedPart(wrong)).toThrow(says);
  });

  test('a name that leads elsewhere is refused', () => {
    expect(() => federatedPart({ apiVersion: 'v1', kind: 'A', metadata: { name: '../a' } })).toThrow(ResourceNameError);
  });
});

test.each([
  ['federation.novaedge.io/token', true], ['federation.novaedge.io/anything', true], ['novaedge.io/force-reconcile', true], ['novaedge.io/force-reconcile-not', false], ['novaedge.io/owner', false],
  ['app.kubernetes.io/instance', true], ['app.kubernetes.io/instances', false], ['app.kubernetes.io/version', false], ['argocd.argoproj.io/', true], ['notargocd.argoproj.io/x', false],
])('%s stays where it is: %s', (name, isLocal) => {
  expect(isLocalMark(name)).toBe(isLocal);
});

describe('kinds', () => {
  test.each([
    ['rbac.authorization.k8s.io', 'Role'], ['rbac.authorization.k8s.io', 'ClusterRoleBinding'], ['admissionregistration.k8s.io', 'ValidatingWebhookConfiguration'],
    ['apiextensions.k8s.io', 'CustomResourceDefinition'], ['', 'ServiceAccount'], ['', 'Pod'], ['', 'Node'], ['', 'Namespace'], ['apps', 'Deployment'], ['apps', 'DaemonSet'], ['batch', 'Job'],
    ['coordination.k8s.io', 'Lease'], ['novaedge.io', 'NovaEdgeFederation'], ['novaedge.io', 'NovaEdgeRemoteCluster'], ['novaedge.io', 'NovaEdgeCluster'], ['apiregistration.k8s.io', 'APIService'],
  ])('%s %s is never federated, though a filter names it', (group, kind) => {
    expect(mayBeFederated(group, kind)).toBe(false);
    expect(passesFilter({ resourceTypes: [kind, `${kind}.${group}`], excludeNamespaces: [] }, { group, kind, namespace: 'default' })).toBe(false);
  });

  const inDefault = (group: string, kind: string): { group: string; kind: string; namespace: string } => ({ group, kind, namespace: 'default' });
  test.each<[string, readonly string[], { group: string; kind: string; namespace: string }, boolean]>([
    ['the default kinds, where none are named', [], inDefault('novaedge.io', 'ProxyRoute'), true],
    ['no other kind, where none are named', [], inDefault('novaedge.io', 'ProxyCertificate'), false],
    ['a default kind, where others are named', ['ProxyRoute'], inDefault('novaedge.io', 'ProxyVIP'), false],
    ['a kind of NovaEdge by its name', ['ProxyCertificate'], inDefault('novaedge.io', 'ProxyCertificate'), true],
    ['a kind of NovaEdge by its name and group', ['ProxyRoute.novaedge.io'], inDefault('novaedge.io', 'ProxyRoute'), true],
    ['a kind of the same name in another group', ['ProxyRoute'], inDefault('example.com', 'ProxyRoute'), false],
    ['a kind of another group by both', ['HTTPRoute.gateway.networking.k8s.io'], inDefault('gateway.networking.k8s.io', 'HTTPRoute'), true],
    ['secrets only where they are named', [], inDefault('', 'Secret'), false],
    ['secrets where they are named', ['Secret'], inDefault('', 'Secret'), true],
    ['an excluded namespace', ['ProxyRoute'], { group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'kube-system' }, false],
  ])('%s', (_what, resourceTypes, parts, passes) => {
    expect(passesFilter({ resourceTypes, excludeNamespaces: ['kube-system'] }, parts)).toBe(passes);
  });

  test('every default kind passes the default filter', () => {
    expect(DEFAULT_RESOURCE_TYPES.every((kind) => passesFilter({ resourceTypes: [], excludeNamespaces: [] }, inDefault('novaedge.io', kind)))).toBe(true);
  });
});

test('filters that mean something else have another name', () => {
  const filters = [[], ['ProxyRoute'], ['ProxyRoute', 'Secret']].flatMap((resourceTypes) => [[], ['a'], ['a', 'b']].flatMap((excludeNamespaces) => [['team'], ['team', 'owner']].map((ownershipMarks) => ({ resourceTypes, excludeNamespaces, ownershipMarks }))));

  expect(new Set(filters.map(filterHashOf)).size).toBe(filters.length);
});
