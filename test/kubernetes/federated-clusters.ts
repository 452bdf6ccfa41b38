import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { JsonObject } from '../../shared/model/content.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import type { Bridge } from '../../cluster/bridge/bridge.ts';
import { startBridge } from '../../cluster/bridge/bridge.ts';
import type { TestMember } from '../../cluster/bridge/test-federation.ts';
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

/** A real cluster, its real region in this process, and the bridge between them, from `start` on. */
export class Site {
  readonly name: string;
  logger = new RecordingLogger();
  readonly #options: SiteOptions;
  #installed: InstalledCluster | undefined;
  #member: TestMember | undefined;
  #opened: OpenedCluster | undefined;
  #bridge: Bridge | undefined;

  constructor(name: string, options: SiteOptions) {
    this.name = name;
    this.#options = options;
  }

  get installed(): InstalledCluster { return required(this.#installed, `the cluster ${this.name} does not run`); }
  get member(): TestMember { return required(this.#member, `the member ${this.name} does not run`); }
  get bridge(): Bridge { return required(this.#bridge, 'the bridge does not run'); }

  /** Resolves when the bridge follows. */
  async start(member: TestMember): Promise<void> {
    const { cluster, definitions } = this.#options;
    this.#member = member;
    this.#installed = await installedCluster({ name: this.name, ...cluster, ...(definitions && { definitions }) });
    await this.installed.user.writes(member.manifest());
    await this.startBridge();
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
    await this.#installed?.remove();
  }
}

function required<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}

/** Two sites of one federation. */
export interface SitePair { readonly west: Site; readonly east: Site; readonly federation: TestFederation }

/**
 * For the head of a test file: two real clusters that are there, with bridges that follow, before the first test of the file, and go after
 * the last.
 */
export function federatedPair(west: SiteOptions = {}, east: SiteOptions = {}): SitePair {
  const sites = [new Site('us-west', west), new Site('eu-west', east)] as const;
  const federation = new TestFederation(sites.map(({ name }) => name));
  beforeAll(async () => {
    await federation.start();
    await Promise.all(sites.map((site) => site.start(federation.member(site.name))));
  });
  afterAll(async () => { await Promise.all(sites.map((site) => site.remove())); });
  return { west: sites[0], east: sites[1], federation };
}
