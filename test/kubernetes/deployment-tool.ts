import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonObject } from '../../shared/model/content.ts';
import { sameJson } from '../../shared/model/fields.ts';
import { factsOf, metadataOf } from '../../cluster/kubernetes/object.ts';
import type { KubernetesUser } from './kubernetes-user.ts';
import { route, routeKey } from './federated-clusters.ts';

const never = new AbortController().signal;
const MARK = 'argocd.argoproj.io/instance';
/** Such tools look every few minutes; a test has no time for that. */
const LOOK_MS = 100;

/**
 * What a GitOps tool with prune and self-heal does, as Argo CD does it: routes of its repository are made what they should be, whoever
 * changed them, and routes that carry its mark and are not in the repository are deleted.
 */
export class DeploymentTool {
  /** The repository: specs by name. */
  readonly repository = new Map<string, JsonObject>();
  /** How often it wrote or deleted something. */
  actions = 0;
  readonly #name: string;
  readonly #user: KubernetesUser;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(name: string, user: KubernetesUser) {
    this.#name = name;
    this.#user = user;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#heal();
      await this.#prune();
      await sleep(LOOK_MS);
    }
  }

  async #heal(): Promise<void> {
    for (const [name, spec] of this.repository) {
      const there = await this.#user.reads(routeKey(name));
      const labels = metadataOf(there ?? {})['labels'] as JsonObject | undefined;
      if (there !== undefined && sameJson(there['spec'], spec) && labels?.[MARK] === this.#name) continue;
      this.actions += 1;
      await this.#user.writes(route(name, spec, { labels: { ...labels, [MARK]: this.#name } }));
    }
  }

  async #prune(): Promise<void> {
    const list = await this.#user.client.json({ path: '/apis/novaedge.io/v1alpha1/proxyroutes', query: { labelSelector: `${MARK}=${this.#name}` } }, never);
    for (const item of Array.isArray(list['items']) ? (list['items'] as JsonObject[]) : []) {
      const { name } = factsOf(item);
      if (this.repository.has(name)) continue;
      this.actions += 1;
      await this.#user.client.find({ method: 'DELETE', path: `/apis/novaedge.io/v1alpha1/namespaces/default/proxyroutes/${name}` }, never);
    }
  }
}
