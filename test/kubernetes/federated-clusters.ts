import { expect, vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { Bridge } from '../../cluster/bridge/bridge.ts';
import { startBridge } from '../../cluster/bridge/bridge.ts';
import type { FederationSettings, TestMember } from '../../cluster/bridge/test-federation.ts';
import { RecordingLogger, TestFederation, realClock, realRandom } from '../../cluster/bridge/test-federation.ts';
import type { ClusterOptions, ProgramResult } from '../../local/kubernetes/local-cluster.ts';
import type { InstalledCluster } from './installed-cluster.ts';
import { installedCluster } from './installed-cluster.ts';
import type { OpenedCluster, OpenOptions } from './kubernetes-harness.ts';
import { openCluster } from './kubernetes-harness.ts';

export const PATIENCE = { timeout: 20_000, interval: 50 };
export const eventually = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, PATIENCE);
/** Long enough for an echo to have come back: an edit takes a tenth of it from cluster to cluster. */
export const QUIET_MS = 1500;
export const quiet = (): Promise<void> => realClock.sleep(QUIET_MS);

export const routeKey = (name: string, namespace = 'default', kind = 'ProxyRoute'): ResourceKey => resourceKey({ group: 'novaedge.io', kind, namespace, name });
export const route = (name: string, spec: JsonObject, metadata: JsonObject = {}): JsonObject =>
  ({ apiVersion: 'novaedge.io/v1alpha1', kind: 'ProxyRoute', metadata: { name, namespace: 'default', ...metadata }, spec });

export interface SiteOptions { readonly cluster?: Partial<ClusterOptions>; readonly definitions?: readonly JsonObject[]; readonly createNamespaces?: boolean }

/** A real cluster, its real region in this process, and the bridge between them. */
export class Site {
  readonly installed: InstalledCluster;
  readonly member: TestMember;
  logger = new RecordingLogger();
  readonly #options: SiteOptions;
  #opened: OpenedCluster | undefined;
  #bridge: Bridge | undefined;

  constructor(installed: InstalledCluster, member: TestMember, options: SiteOptions) {
    this.installed = installed;
    this.member = member;
    this.#options = options;
  }

  get bridge(): Bridge {
    if (this.#bridge === undefined) throw new Error('the bridge does not run');
    return this.#bridge;
  }

  async startBridge(options: Pick<OpenOptions, 'server' | 'onRequest'> = {}): Promise<void> {
    this.logger = new RecordingLogger();
    this.#opened = await openCluster(this.installed.cluster.kubeconfig, { logger: this.logger, createNamespaces: this.#options.createNamespaces ?? false, ...options });
    this.#bridge = startBridge({ cluster: this.#opened.cluster, region: this.member.region, clock: realClock, random: realRandom, logger: this.logger, version: 'test' });
    await eventually(() => { expect(this.#bridge?.state().kind).toBe('following'); });
  }

  async stopBridge(): Promise<void> {
    await this.#bridge?.stop();
    await this.#opened?.close();
    [this.#bridge, this.#opened] = [undefined, undefined];
  }

  /** Runs kubectl; a failure of it fails the test. */
  async kubectl(args: string, input?: JsonObject | string): Promise<string> {
    const { code, stdout, stderr } = await this.tryKubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args}: ${stderr}`);
    return stdout;
  }

  tryKubectl(args: string, input?: JsonObject | string): Promise<ProgramResult> {
    return this.installed.cluster.kubectl(args.split(' '), typeof input === 'string' ? input : JSON.stringify(input));
  }

  read(key: ResourceKey): Promise<JsonObject | undefined> { return this.installed.user.reads(key); }
  async spec(key: ResourceKey): Promise<unknown> { return (await this.read(key))?.['spec']; }

  /** Resolves when the object shows this spec; undefined: when it is gone. */
  async shows(key: ResourceKey, spec: JsonObject | undefined): Promise<void> {
    await eventually(async () => { expect(await this.spec(key)).toEqual(spec); });
  }

  async remove(): Promise<void> {
    await this.stopBridge();
    await this.installed.remove();
  }
}

export interface KubeFederation { readonly federation: TestFederation; site(name: string): Site; remove(): Promise<void> }

/** Starts a federation of real clusters; every bridge follows when this resolves. */
export async function startFederation(sites: Readonly<Record<string, SiteOptions>>, settings: FederationSettings = {}): Promise<KubeFederation> {
  const names = Object.keys(sites);
  const federation = await new TestFederation(names, settings).start();
  const started = new Map(await Promise.all(Object.entries(sites).map(async ([name, options]) => {
    const installed = await installedCluster({ name, ...options.cluster, ...(options.definitions && { definitions: options.definitions }) });
    const site = new Site(installed, federation.member(name), options);
    await installed.user.writes(site.member.manifest());
    await site.startBridge();
    return [name, site] as const;
  })));
  return {
    federation,
    site: (name) => {
      const site = started.get(name);
      if (site === undefined) throw new RangeError(`no site ${name}`);
      return site;
    },
    remove: async () => { await Promise.all([...started.values()].map((site) => site.remove())); },
  };
}
