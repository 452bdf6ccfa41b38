import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import type { Json, JsonObject } from '../../shared/model/content.ts';
import { isObject } from '../../shared/model/content.ts';
import { parseFederation } from '../../shared/model/federation-spec.ts';
import type { RunningCluster } from './running-cluster.ts';
import { EXAMPLES, installDefinitions, must, runCluster } from './running-cluster.ts';

/** cert-manager is not ours: a definition that keeps whatever it is given. */
const CERT_MANAGER = ['certificates Certificate', 'issuers Issuer'].map((names) => names.split(' ')).map(([plural, kind]) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${plural}.cert-manager.io}
spec:
  group: cert-manager.io
  scope: Namespaced
  names: {plural: ${plural}, kind: ${kind}}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`).join('---');

let running: RunningCluster;
let cluster: LocalCluster;
beforeAll(async () => {
  running = await runCluster({ name: 'examples' });
  ({ cluster } = running);
  await must(cluster, ['apply', '-f', '-'], CERT_MANAGER);
  await must(cluster, ['create', 'namespace', 'novaedge-system']);
  await installDefinitions(cluster);
});
afterAll(() => running.end());

const documents = (text: string): readonly JsonObject[] => parseAllDocuments(text).map((document) => document.toJS() as JsonObject);
/** What kubectl prints: an object, several documents, or a list of them. */
const printed = (text: string): readonly JsonObject[] => documents(text).flatMap((object) => (object['kind'] === 'List' ? object['items'] as unknown as JsonObject[] : [object]));

/** Paths of what `given` has and `got` has not. */
function lost(given: Json | undefined, got: Json | undefined, path = ''): readonly string[] {
  if (isObject(given)) return Object.entries(given).flatMap(([name, value]) => lost(value, isObject(got) ? got[name] : undefined, `${path}.${name}`));
  if (Array.isArray(given)) {
    const [asked, items] = [given as readonly Json[], Array.isArray(got) ? got as readonly Json[] : []];
    return [...(asked.length === items.length ? [] : [`${path} (length)`]), ...asked.flatMap((value, at) => lost(value, items[at], `${path}[${at.toString()}]`))];
  }
  return given === got ? [] : [path];
}

const files = globSync('{setup,user}-guide/*.yaml', { cwd: EXAMPLES }).sort();
test('the guides have manifests', () => { expect(files.length).toBeGreaterThan(10); });

describe.each(files)('%s', (file) => {
  const path = join(EXAMPLES, file);
  const given = documents(readFileSync(path, 'utf8'));

  test('is given back whole by a server that was asked without effect', async () => {
    const got = printed(await must(cluster, ['apply', '--dry-run=server', '-o', 'yaml', '-f', path]));

    expect(got).toHaveLength(given.length);
    expect(given.flatMap((object, at) => lost(object, got[at]))).toEqual([]);
  });

  test('applies, server-side with strict validation and plainly, and is kept whole', async () => {
    await must(cluster, ['apply', '--server-side', '--validate=strict', '-f', path]);
    const serverSide = printed(await must(cluster, ['get', '-o', 'yaml', '-f', path]));
    await must(cluster, ['delete', '-f', path]);
    await must(cluster, ['apply', '-f', path]);
    const plain = printed(await must(cluster, ['get', '-o', 'yaml', '-f', path]));
    await must(cluster, ['delete', '-f', path]);

    expect(given.flatMap((object, at) => [...lost(object, serverSide[at]), ...lost(object, plain[at])])).toEqual([]);
  });
});

test.each(files.filter((file) => file.includes('federation-') && !file.includes('service')))('%s means the same as it was written and as the server gives it back', async (file) => {
  const path = join(EXAMPLES, file);

  const [got] = printed(await must(cluster, ['apply', '--dry-run=server', '-o', 'yaml', '-f', path]));

  expect(parseFederation(got ?? {})).toEqual(parseFederation(documents(readFileSync(path, 'utf8'))[0] ?? {}));
});

test('a NovaEdgeFederation with nothing but what it must have means the same once the server has filled in its defaults', async () => {
  const least: JsonObject = {
    apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'least', namespace: 'novaedge-system' },
    spec: {
      federationID: 'prod', localMember: { name: 'us-west', endpoint: 'us-west.example.com:9090' }, members: [{ name: 'eu-west', endpoint: '[2001:db8::1]:443', tls: {} }],
      sync: {}, conflictResolution: {}, splitBrain: { agentQuorum: {} }, healthCheck: {}, antiEntropy: {},
    },
  };

  const [got] = printed(await must(cluster, ['apply', '--dry-run=server', '-o', 'yaml', '-f', '-'], JSON.stringify(least)));

  expect(got?.['spec']).toMatchObject({ mode: 'mesh', sync: { interval: '5s' }, antiEntropy: { interval: '5m' } });
  expect(parseFederation(got ?? {})).toEqual(parseFederation(least));
});
