import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import { ConnectOperator } from '../../shared/adapters/connect/index.ts';
import { typicalRoute } from '../../shared/adapters/stored/typical-row.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { parseContent } from '../../shared/model/content.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { KubeClient } from '../../cluster/kubernetes/client.ts';
import { openAccess } from '../../cluster/kubernetes/kube-config.ts';
import { metadataOf, textOr } from '../../cluster/kubernetes/object.ts';
import { BridgeProgram } from '../../test/kubernetes/bridge-program.ts';
import { FEDERATION } from '../pair.ts';
import { monotonicMs } from '../samples.ts';

const never = new AbortController().signal;
const API = '/apis/novaedge.io/v1alpha1';
const WATCH_SECONDS = '3600';
/** Of routes that are made for a first synchronization: what the bridge has under way as well. */
const CREATES_AT_ONCE = 32;
/** A label that says which edit it is; federated as any other. */
const EDIT = 'edit';

/** A typical route of this name and namespace, at this edit. */
export const routeOf = (number: number, namespace: string, edit: string): JsonObject => {
  const { metadata, ...rest } = parseContent(typicalRoute(number));
  const { labels, annotations } = metadata as { readonly labels: JsonObject; readonly annotations: JsonObject };
  return { ...rest, metadata: { name: `route-${number.toString()}`, namespace, annotations, labels: { ...labels, [EDIT]: edit } } };
};

/** One cluster of the bench, as its users have it, and the bridge's program beside it. */
export class KubernetesSite {
  readonly member: Member;
  readonly operator: ConnectOperator;
  readonly client: KubeClient;
  readonly #cluster: LocalCluster;
  readonly #endpoint: string;
  readonly #watching = new AbortController();
  #bridge: BridgeProgram | undefined;

  constructor({ member, cluster, endpoint, tls }: { readonly member: Member; readonly cluster: LocalCluster; readonly endpoint: string; readonly tls: ClientTls }) {
    this.member = member;
    this.operator = new ConnectOperator({ federationId: FEDERATION, member, endpoint, tls: () => tls });
    this.client = new KubeClient(openAccess({ kind: 'file', path: cluster.kubeconfig }));
    this.#cluster = cluster;
    this.#endpoint = endpoint;
  }

  async startBridge(): Promise<BridgeProgram> {
    this.#bridge = await BridgeProgram.start({ federationId: FEDERATION, member: this.member, regionEndpoint: this.#endpoint, kubeconfig: this.#cluster.kubeconfig, secrets: { ca: 'ca', client: 'bridge' } });
    return this.#bridge;
  }

  async stopBridge(): Promise<void> {
    await this.#bridge?.end('SIGTERM');
    this.#bridge = undefined;
  }

  /** Server-side apply, as `kubectl apply --server-side` sends it. Resolves at the API server's acknowledgement. */
  async applies(route: JsonObject): Promise<void> {
    const { namespace, name } = metadataOf(route);
    await this.client.json({ method: 'PATCH', path: `${API}/namespaces/${textOr(namespace)}/proxyroutes/${textOr(name)}`, query: { fieldManager: 'bench', force: 'true' }, contentType: 'application/apply-patch+yaml', body: route }, never);
  }

  /** Creates routes, many at a time. @returns milliseconds that each took of the whole */
  async creates(count: number, namespace: string): Promise<number> {
    let next = 0;
    const startedMs = monotonicMs();
    await Promise.all(Array.from({ length: CREATES_AT_ONCE }, async () => {
      for (let number = next++; number < count; number = next++) await this.client.json({ method: 'POST', path: `${API}/namespaces/${namespace}/proxyroutes`, body: routeOf(number, namespace, 'first') }, never);
    }));
    return (monotonicMs() - startedMs) / count;
  }

  /** Watches the routes of a namespace, as a controller does: whole objects. Tells each edit that is seen. Resolves once every later one will be. */
  async watches(namespace: string, onEdit: (edit: string, route: JsonObject) => void): Promise<void> {
    const path = `${API}/namespaces/${namespace}/proxyroutes`;
    const list = await this.client.json({ path, query: { limit: '1' } }, never);
    const events = this.client.lines({ path, query: { watch: 'true', resourceVersion: textOr(metadataOf(list)['resourceVersion']), timeoutSeconds: WATCH_SECONDS } }, this.#watching.signal);
    const follow = async (): Promise<void> => {
      for await (const { object } of events) {
        const route = object as JsonObject;
        const { labels } = metadataOf(route);
        onEdit(textOr((labels as JsonObject | undefined)?.[EDIT]), route);
      }
    };
    follow().catch((error: unknown) => { if (!this.#watching.signal.aborted) throw error; });
  }

  async stop(): Promise<void> {
    this.#watching.abort(new Error('the bench is over'));
    await this.stopBridge();
    this.operator.close();
    await this.client.close();
  }
}
