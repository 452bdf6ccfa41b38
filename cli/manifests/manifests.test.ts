import { describe, expect, test } from 'vitest';
import { parseManifests } from './parse-manifests.ts';
import { prepareManifest } from './prepare-manifest.ts';

const prepare = (text: string, namespace?: string) => parseManifests('f.yaml', text).map((manifest) => prepareManifest(manifest, namespace));
const ROUTE = 'apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {name: api}\n';

describe('what a file may hold', () => {
  test('several documents, empty ones, comments and lists', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop}}\n  - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n`;

    expect(prepare(`# nothing\n---\n${ROUTE}---\n---\n${list}`).map(({ where, key }) => [where, key])).toEqual([
      ['f.yaml:3', 'novaedge.io/ProxyRoute/default/api'],
      ['f.yaml:8 item 1', '/ConfigMap/shop/a'],
      ['f.yaml:8 item 2', '/ConfigMap/default/b'],
    ]);
  });

  test('words and numbers mean what they mean to kubectl', () => {
    expect(parseManifests('f', 'a: yes\nb: off\nc: 0777\nd: "yes"\ne: 12:30\nf: 2026-01-01\n')[0]?.value).toEqual({ a: true, b: false, c: 511, d: 'yes', e: '12:30', f: '2026-01-01' });
  });

  test.each([
    ['a: [', /^f\.yaml:\d+:\d+: not valid YAML/],
    ['a: 1\na: 2\n', /^f\.yaml:2:1: not valid YAML: Map keys must be unique/],
    ['just text', /^f\.yaml:1: not a manifest; expected apiVersion, kind and metadata/],
    ['kind: ProxyRoute', /^f\.yaml:1: apiVersion is missing/],
    [ROUTE.replace('api}', 'API}'), /^f\.yaml:1: name "API" is not accepted/],
    [ROUTE.replace('api}', 'api, namespace: ../x}'), /^f\.yaml:1: namespace "..\/x" is not accepted/],
    ['apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n', /ServiceAccount is never federated; apply it in each cluster/],
    ['apiVersion: novaedge.io/v1alpha1\nkind: NovaEdgeFederation\nmetadata: {name: a}\n', /change it with novactl federation set/],
  ])('%j is refused', (text, message) => {
    expect(() => prepare(text)).toThrow(message);
  });

  test('a bomb of aliases is refused', () => {
    const text = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e', 'f'].map((name, at) => `${name}: &${name} [${Array.from({ length: 10 }, () => `*${'abcde'.charAt(at)}`).join(', ')}]`).join('\n')}\n`;

    expect(() => parseManifests('f.yaml', text)).toThrow(/f\.yaml: Excessive alias count/);
  });
});

describe('namespaces', () => {
  test('the manifest\'s own, else -n, else default; kinds of a whole cluster have none', () => {
    expect(prepare(ROUTE, 'shop')[0]?.key).toBe('novaedge.io/ProxyRoute/shop/api');
    expect(prepare('apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: a}\n', 'shop')[0]?.key).toBe('gateway.networking.k8s.io/GatewayClass//a');
    expect(() => prepare(ROUTE.replace('api}', 'api, namespace: web}'), 'shop')).toThrow('metadata.namespace is "web" and -n says "shop"');
  });
});
