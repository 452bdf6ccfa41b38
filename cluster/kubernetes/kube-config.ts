import type { AgentOptions } from 'node:https';
import type { Cluster, DispatcherOptions } from '@kubernetes/client-node';
import { KubeConfig, RequestContext } from '@kubernetes/client-node';
import type { HttpMethod } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';
import { Agent } from 'undici';

/** What a request takes along, and the connections it goes over. */
export interface Authorization { readonly headers: Readonly<Record<string, string>>; readonly dispatcher: Dispatcher }

/** How to reach the API server: an address, what proves who we are, and connections that are kept. */
export interface Access {
  readonly server: string;
  /** Headers of a request and the connections it goes over. Asked for each time: tokens and certificates are renewed. */
  authorize(url: string, method: string): Promise<Authorization>;
  close(): Promise<void>;
}

/** Where the configuration is: a file, the pod's service account, or what `kubectl` would use. */
export type ConfigSource = { readonly kind: 'file'; readonly path: string; readonly context?: string | undefined } | { readonly kind: 'in-cluster' } | { readonly kind: 'default' };

/**
 * Reads a kubeconfig.
 *
 * @throws Error naming what is missing in it
 */
export function openAccess(source: ConfigSource): Access {
  const config = new KeptConnections();
  if (source.kind === 'file') config.loadFromFile(source.path);
  else if (source.kind === 'in-cluster') config.loadFromCluster();
  else config.loadFromDefault();
  if (source.kind === 'file' && source.context !== undefined) config.setCurrentContext(source.context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error(`kubeconfig: the context ${JSON.stringify(config.currentContext)} names no cluster; known contexts: ${config.getContexts().map(({ name }) => name).join(', ') || 'none'}`);
  return {
    server: cluster.server.replace(/\/$/, ''),
    authorize: (url, method) => config.authorize(url, method),
    close: () => config.close(),
  };
}

/** Files, tokens and programs for credentials are asked again after this: none is replaced later than seconds before the old ones end. */
const AUTHORIZED_MS = 1000;

/** The library reads credentials and makes a new connection for every request; these are kept for a moment, and those until the certificates are others. */
class KeptConnections extends KubeConfig {
  #authorized: { readonly atMs: number; readonly authorization: Promise<Authorization> } | undefined;
  #fingerprint: string | undefined;
  #dispatcher: Dispatcher | undefined;
  readonly #retired = new Set<Dispatcher>();

  authorize(url: string, method: string): Promise<Authorization> {
    const nowMs = performance.now();
    if (this.#authorized !== undefined && nowMs - this.#authorized.atMs < AUTHORIZED_MS) return this.#authorized.authorization;
    const authorization = this.#authorizeAnew(url, method);
    this.#authorized = { atMs: nowMs, authorization };
    authorization.catch(() => { this.#authorized = undefined; });
    return authorization;
  }

  async #authorizeAnew(url: string, method: string): Promise<Authorization> {
    const context = new RequestContext(url, method as HttpMethod);
    await this.applySecurityAuthentication(context);
    const fresh = context.getDispatcher();
    if (fresh !== undefined) this.#replace(fresh);
    this.#dispatcher ??= new Agent();
    return { headers: context.getHeaders(), dispatcher: this.#dispatcher };
  }

  override createDispatcherOptions(cluster: Cluster | null, options: AgentOptions): DispatcherOptions {
    const made = super.createDispatcherOptions(cluster, options);
    const fingerprint = JSON.stringify(made);
    if (fingerprint === this.#fingerprint) return { type: 'none' };
    this.#fingerprint = fingerprint;
    return made;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#retired, ...(this.#dispatcher === undefined ? [] : [this.#dispatcher])].map((dispatcher) => dispatcher.destroy()));
  }

  /** What is under way over the old connections ends in peace. */
  #replace(fresh: Dispatcher): void {
    const old = this.#dispatcher;
    this.#dispatcher = fresh;
    if (old === undefined) return;
    this.#retired.add(old);
    void old.close().catch(() => undefined).finally(() => { this.#retired.delete(old); });
  }
}
