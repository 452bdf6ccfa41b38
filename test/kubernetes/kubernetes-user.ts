import type { JsonObject } from '../../shared/model/content.ts';
import { groupOf, TOKEN_ANNOTATION } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { splitKey } from '../../shared/model/resource-key.ts';
import { KubeClient } from '../../cluster/kubernetes/client.ts';
import { openAccess } from '../../cluster/kubernetes/kube-config.ts';
import { factsOf, metadataOf, textOr } from '../../cluster/kubernetes/object.ts';
import { NAMESPACES } from '../../cluster/kubernetes/paths.ts';
import { isStatus } from '../../cluster/kubernetes/status-error.ts';

const never = new AbortController().signal;

/** Kinds of the tests; their plural is the kind in lower case and an "s". */
const CORE = new Map([['ConfigMap', 'configmaps'], ['Secret', 'secrets'], ['Event', 'events']]);

/** The field manager of a user's writes: without one the server would take the client's name, which is the bridge's. */
const USER = 'a-user';

/** What a person does to a cluster with an administrator's kubeconfig, past the adapter. */
export class KubernetesUser {
  readonly client: KubeClient;

  constructor(kubeconfig: string) {
    this.client = new KubeClient(openAccess({ kind: 'file', path: kubeconfig }));
  }

  close(): Promise<void> { return this.client.close(); }

  /**
   * As `kubectl replace`, or `create`: the manifest as it is, with the token of the object there unless it brings one.
   *
   * @returns the object's resourceVersion then
   */
  async writes(manifest: JsonObject): Promise<string> {
    const path = pathOf(manifest);
    for (;;) {
      const existing = await this.client.find({ path }, never);
      try {
        const written = existing === undefined
          ? await this.client.json({ method: 'POST', path: path.slice(0, path.lastIndexOf('/')), query: { fieldManager: USER }, body: manifest }, never)
          : await this.client.json({ method: 'PUT', path, query: { fieldManager: USER }, body: ontoExisting(manifest, existing) }, never);
        return factsOf(written).resourceVersion;
      } catch (error) {
        if (!isStatus(error, 409)) throw error;
      }
    }
  }

  async reads(key: ResourceKey): Promise<JsonObject | undefined> { return this.client.find({ path: pathOfKey(key) }, never); }

  async deletes(key: ResourceKey): Promise<void> { await this.client.json({ method: 'DELETE', path: pathOfKey(key) }, never); }

  /** As `kubectl get -o yaml`, another name, `kubectl apply`. */
  async copies(key: ResourceKey, name: string): Promise<void> {
    const { metadata: _metadata, ...rest } = await this.export(key);
    const { annotations = {}, labels = {} } = metadataOf(await this.export(key));
    await this.writes({ ...rest, metadata: { name, namespace: splitKey(key).namespace, annotations, labels } });
  }

  async export(key: ResourceKey): Promise<JsonObject> {
    const object = await this.reads(key);
    if (object === undefined) throw new Error(`${key} is not there`);
    return object;
  }

  async createsNamespace(name: string): Promise<void> {
    const existing = await this.client.find({ path: `${NAMESPACES}/${name}` }, never);
    if (existing === undefined) await this.client.json({ method: 'POST', path: NAMESPACES, body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name } } }, never);
  }

  /** Without finalizers, so that it is gone at once. */
  async deletesAll(kind: string): Promise<void> {
    const path = `/apis/novaedge.io/v1alpha1/${kind.toLowerCase()}s`;
    const list = await this.client.find({ path }, never);
    const items = Array.isArray(list?.['items']) ? (list['items'] as JsonObject[]) : [];
    await Promise.all(items.map(async (item) => {
      const { namespace, name } = factsOf(item);
      await this.client.find({ method: 'DELETE', path: `/apis/novaedge.io/v1alpha1/namespaces/${namespace}/${kind.toLowerCase()}s/${name}` }, never);
    }));
  }
}

function ontoExisting(manifest: JsonObject, existing: JsonObject): JsonObject {
  const [given, there] = [metadataOf(manifest), metadataOf(existing)];
  const token = (there['annotations'] as JsonObject | undefined)?.[TOKEN_ANNOTATION];
  const annotations = { ...(token !== undefined && { [TOKEN_ANNOTATION]: token }), ...(given['annotations'] as JsonObject | undefined) };
  // An old export's own version would be refused.
  const { uid: _uid, managedFields: _managed, ...metadata } = given;
  return { ...manifest, metadata: { ...metadata, annotations, resourceVersion: there['resourceVersion'] ?? '' } };
}

function pathOf(manifest: JsonObject): string {
  const { namespace, name } = factsOf(manifest);
  return pathIn(textOr(manifest['apiVersion']), textOr(manifest['kind']), namespace || 'default', name);
}

function pathOfKey(key: ResourceKey): string {
  const { group, kind, namespace, name } = splitKey(key);
  return pathIn(group === '' ? 'v1' : `${group}/v1alpha1`, kind, namespace, name);
}

function pathIn(apiVersion: string, kind: string, namespace: string, name: string): string {
  const root = groupOf(apiVersion) === '' ? '/api/v1' : `/apis/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${CORE.get(kind) ?? `${kind.toLowerCase()}s`}/${name}`;
}
