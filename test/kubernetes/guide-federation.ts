import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { ConnectOperator } from '../../shared/adapters/connect/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { freePort } from '../../local/kubernetes/free-port.ts';
import type { LocalCluster, ProgramResult } from '../../local/kubernetes/local-cluster.ts';
import type { MemberConfig } from '../../local/member/member-config.ts';
import type { RunningMember } from '../../local/member/run-member.ts';
import { runMember } from '../../local/member/run-member.ts';
import { BridgeProgram } from './bridge-program.ts';
import { MemberProgram } from './member-program.ts';
import type { RunningCluster } from './running-cluster.ts';
import { EXAMPLES, installDefinitions, must, runCluster } from './running-cluster.ts';
import { until } from './until.ts';

/** The setup guide's clusters, and the members that it calls `…-controller`. */
export const PLACES = ['us-west', 'eu-west', 'ap-east'] as const;
export type Place = (typeof PLACES)[number];
export const FEDERATION = 'prod-global';
export const memberIn = (place: Place): string => `${place}-controller`;

const NOVACTL = join(import.meta.dirname, '..', '..', 'cli', 'novactl.mjs');
const NOVACTL_TIMEOUT_MS = 60_000;
const MINIMUM_TOMBSTONE_TTL_MS = 60_000;
/** A lease runs out within 15 s; meanwhile its API server may be away. */
const LEADER_PATIENCE_MS = 60_000;
const HOSTS = ['127.0.0.1', 'localhost'];
/** Secrets of a bridge that is a program of its own. */
const [BRIDGE_CA, BRIDGE_TLS] = ['novaedge-bridge-ca', 'novaedge-bridge-tls'];
const NAMESPACE = stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'novaedge-system' } });

/**
 * The setup guide's three clusters as far as its Step 3: real API servers with our definitions, and a region and a bridge for each, over
 * mutual TLS. Only addresses are this machine's instead of the guide's.
 */
export class GuideFederation {
  readonly #folder = mkdtempSync(join(tmpdir(), 'novaedge-guide-'));
  readonly #clusters = new Map<Place, RunningCluster>();
  readonly #ports = new Map<Place, number>();
  readonly #members = new Map<Place, RunningMember>();
  readonly #processes = new Map<Place, MemberProgram>();
  readonly #bridges = new Map<Place, Set<BridgeProgram>>(PLACES.map((place) => [place, new Set()]));
  readonly #operators = new Map<Place, ConnectOperator>();
  readonly #areBridgesApart: boolean;
  readonly #logLevel: MemberConfig['logLevel'];
  readonly #authority: KeyedCertificate;
  #operator: KeyedCertificate | undefined;

  private constructor({ areBridgesApart, logLevel }: { readonly areBridgesApart: boolean; readonly logLevel: MemberConfig['logLevel'] }, authority: KeyedCertificate) {
    this.#areBridgesApart = areBridgesApart;
    this.#logLevel = logLevel;
    this.#authority = authority;
  }

  /**
   * @param asProcesses members in processes of their own, for `killProcess`
   * @param bridgesEach and so many programs of the bridge beside each, with certificates from Secrets: one leads, the others stand by
   */
  static async start({ asProcesses = false, bridgesEach = 0, logLevel = 'info' }: { readonly asProcesses?: boolean; readonly bridgesEach?: number; readonly logLevel?: MemberConfig['logLevel'] } = {}): Promise<GuideFederation> {
    const federation = new GuideFederation({ areBridgesApart: bridgesEach > 0, logLevel }, await createAuthority('guide', { nowMs: Date.now() }));
    try {
      for (const place of PLACES) federation.#ports.set(place, await freePort());
      await federation.#writeFiles();
      await Promise.all(PLACES.map((place) => federation.#startCluster(place)));
      await Promise.all(PLACES.map((place) => (asProcesses || bridgesEach > 0 ? federation.startProcess(place) : federation.startMember(place))));
      for (let each = 0; each < bridgesEach; each += 1) await Promise.all(PLACES.map((place) => federation.startBridge(place)));
      return federation;
    } catch (error) {
      await federation.end();
      throw error;
    }
  }

  /** Runs kubectl in a cluster. @throws with what it said, when it fails */
  kubectl(place: Place, args: string, input = ''): Promise<string> {
    return must(this.cluster(place), args.split(' '), input);
  }

  /** The guide's manifest of a place, word for word but for the endpoints. */
  manifest(place: Place): string {
    const text = readFileSync(join(EXAMPLES, 'setup-guide', `federation-${place}.yaml`), 'utf8');
    return PLACES.reduce((changed, other) => changed.replaceAll(`controller.${other}.example.com:9090`, this.#endpoint(other)), text);
  }

  /** Runs the program novactl, as somebody at this place does. */
  novactl(place: Place, args: string): Promise<ProgramResult> {
    return new Promise((resolve) => {
      const env = { ...process.env, NOVACTL_CONFIG: join(this.#folder, 'novactl.yaml') };
      execFile(process.execPath, [NOVACTL, ...args.split(' '), '--context', place], { env, timeout: NOVACTL_TIMEOUT_MS }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
    });
  }

  async startMember(place: Place): Promise<void> { this.#members.set(place, await runMember(this.#config(place), () => undefined)); }

  /** The same in a process of its own, which can be killed; resolves when its API answers. */
  async startProcess(place: Place): Promise<void> { this.#processes.set(place, await MemberProgram.start(this.#config(place), join(this.#folder, place, 'config.json'))); }

  /** Ends a member's process with SIGKILL, region and bridge, wherever they are. */
  async killProcess(place: Place): Promise<void> {
    const program = this.#processes.get(place);
    this.#processes.delete(place);
    await program?.end('SIGKILL');
  }

  /** The member's process hangs, its connections open. */
  pauseProcess(place: Place): void { this.#processes.get(place)?.pause(); }
  resumeProcess(place: Place): void { this.#processes.get(place)?.resume(); }

  /** One more program of the bridge beside a region that is a process of its own; resolves when it answers. */
  async startBridge(place: Place): Promise<void> {
    this.#bridges.get(place)?.add(await BridgeProgram.start({
      federationId: FEDERATION, member: memberIn(place), regionEndpoint: this.#endpoint(place), kubeconfig: this.cluster(place).kubeconfig,
      secrets: { ca: BRIDGE_CA, client: BRIDGE_TLS }, createNamespaces: true,
    }));
  }

  /** Ends the bridge that leads with SIGKILL: one that stands by takes over once the lease has run out. */
  async killLeader(place: Place): Promise<void> { await this.#endBridge(place, await this.leader(place)); }

  /** The bridge that speaks for a place; waits for one. */
  async leader(place: Place): Promise<BridgeProgram> {
    let leader: BridgeProgram | undefined;
    await until(`a bridge leads at ${place}`, async () => {
      for (const bridge of this.#bridges.get(place) ?? []) if ((await bridge.health()).isLeading) leader = bridge;
      return leader !== undefined;
    }, LEADER_PATIENCE_MS);
    if (leader === undefined) throw new Error(`no bridge leads at ${place}`);
    return leader;
  }

  async #endBridge(place: Place, bridge: BridgeProgram): Promise<void> {
    this.#bridges.get(place)?.delete(bridge);
    await bridge.end('SIGKILL');
  }

  /** A new certificate and key for a place's bridge, in its Secret. */
  async rotateSecret(place: Place): Promise<void> {
    const { certificatePem, privateKeyPem } = await issueBridgeCertificate(this.#authority, { federationId: FEDERATION, member: asMember(memberIn(place)) }, { nowMs: Date.now() });
    const secrets: readonly [string, Readonly<Record<string, string>>][] = [[BRIDGE_CA, { 'ca.crt': this.#authority.certificatePem }], [BRIDGE_TLS, { 'tls.crt': certificatePem, 'tls.key': privateKeyPem }]];
    const items = secrets.map(([name, stringData]) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'novaedge-system' }, stringData }));
    await this.kubectl(place, 'apply --server-side -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  /** What a place's region has logged of one kind. */
  logged(place: Place, event: string): readonly JsonObject[] {
    const lines = readFileSync(join(this.#folder, place, 'log.jsonl'), 'utf8').split('\n').filter((line) => line.includes(`"event":"${event}"`));
    return lines.map((line) => JSON.parse(line) as JsonObject);
  }

  /** A place's region, as its operator calls it. */
  operator(place: Place): ConnectOperator {
    const known = this.#operators.get(place);
    if (known !== undefined) return known;
    const pair = this.#operator;
    if (pair === undefined) throw new Error('the federation has not started');
    const tls = { cert: pair.certificatePem, key: pair.privateKeyPem, ca: this.#authority.certificatePem };
    const operator = new ConnectOperator({ federationId: FEDERATION, member: asMember(memberIn(place)), endpoint: this.#endpoint(place), tls: () => tls });
    this.#operators.set(place, operator);
    return operator;
  }

  /** The cluster itself: to be killed, compacted, paused. */
  cluster(place: Place): LocalCluster {
    const running = this.#clusters.get(place);
    if (running === undefined) throw new Error(`there is no cluster ${place}`);
    return running.cluster;
  }

  /** Its region and its bridge; the cluster stays. */
  async stopMember(place: Place): Promise<void> {
    await this.#members.get(place)?.stop();
    this.#members.delete(place);
  }

  async end(): Promise<void> {
    for (const operator of this.#operators.values()) operator.close();
    await Promise.all([...this.#bridges].flatMap(([place, bridges]) => [...bridges].map((bridge) => this.#endBridge(place, bridge))));
    await Promise.all([...this.#processes.keys()].map((place) => this.killProcess(place)));
    await Promise.all([...this.#members.keys()].map((place) => this.stopMember(place)));
    await Promise.all([...this.#clusters.values()].map((running) => running.end()));
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #endpoint(place: Place): string { return `127.0.0.1:${(this.#ports.get(place) ?? 0).toString()}`; }

  async #startCluster(place: Place): Promise<void> {
    const running = await runCluster({ name: place });
    this.#clusters.set(place, running);
    await installDefinitions(running.cluster);
    await must(running.cluster, ['apply', '-f', '-'], NAMESPACE);
    if (this.#areBridgesApart) await this.rotateSecret(place);
  }

  async #writeFiles(): Promise<void> {
    const nowMs = Date.now();
    const authority = this.#authority;
    this.#operator = await issueOperatorCertificate(authority, { federationId: FEDERATION, level: 'admin', name: 'guide' }, { nowMs });
    this.#write('authority', authority);
    this.#write('operator', this.#operator);
    for (const place of PLACES) {
      const of = { federationId: FEDERATION, member: asMember(memberIn(place)) };
      this.#write(place, await issueMemberCertificate(authority, { ...of, hosts: HOSTS }, { nowMs }));
      this.#write(`${place}-bridge`, await issueBridgeCertificate(authority, of, { nowMs }));
      mkdirSync(join(this.#folder, place));
    }
    const contexts = PLACES.map((name) => ({ name, member: memberIn(name), server: this.#endpoint(name), ca: 'authority.crt', cert: 'operator.crt', key: 'operator.key' }));
    writeFileSync(join(this.#folder, 'novactl.yaml'), stringify({ 'current-context': 'us-west', contexts }));
  }

  #write(name: string, { certificatePem, privateKeyPem }: KeyedCertificate): void {
    writeFileSync(join(this.#folder, `${name}.crt`), certificatePem);
    writeFileSync(join(this.#folder, `${name}.key`), privateKeyPem, { mode: 0o600 });
  }

  #config(place: Place): MemberConfig {
    const file = (name: string): string => join(this.#folder, name);
    const kubeconfig = this.#clusters.get(place)?.cluster.kubeconfig ?? '';
    return {
      federationId: FEDERATION, member: memberIn(place), port: this.#ports.get(place) ?? 0, database: file(`${place}/state.sqlite`), cluster: this.#areBridgesApart ? { kind: 'bridged-elsewhere' } : { kind: 'kubernetes', kubeconfig },
      log: file(`${place}/log.jsonl`), logLevel: this.#logLevel,
      tls: { authority: file('authority.crt'), memberCert: file(`${place}.crt`), memberKey: file(`${place}.key`), bridgeCert: file(`${place}-bridge.crt`), bridgeKey: file(`${place}-bridge.key`) },
      ledgers: PLACES.filter((other) => other !== place).map((other) => ({ member: memberIn(other), endpoint: this.#endpoint(other) })),
      minimumTombstoneTtlMs: MINIMUM_TOMBSTONE_TTL_MS,
    };
  }
}
