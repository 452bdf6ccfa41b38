import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import { freePort } from '../../local/kubernetes/free-port.ts';
import type { LocalCluster, ProgramResult } from '../../local/kubernetes/local-cluster.ts';
import type { MemberConfig } from '../../local/member/member-config.ts';
import type { RunningMember } from '../../local/member/run-member.ts';
import { runMember } from '../../local/member/run-member.ts';
import { MemberProgram } from './member-program.ts';
import type { RunningCluster } from './running-cluster.ts';
import { EXAMPLES, installDefinitions, must, runCluster } from './running-cluster.ts';

/** The setup guide's clusters, and the members that it calls `…-controller`. */
export const PLACES = ['us-west', 'eu-west', 'ap-east'] as const;
export type Place = (typeof PLACES)[number];
export const FEDERATION = 'prod-global';
export const memberIn = (place: Place): string => `${place}-controller`;

const NOVACTL = join(import.meta.dirname, '..', '..', 'cli', 'novactl.mjs');
const NOVACTL_TIMEOUT_MS = 60_000;
const MINIMUM_TOMBSTONE_TTL_MS = 60_000;
const HOSTS = ['127.0.0.1', 'localhost'];
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

  /** @param asProcesses members in processes of their own, for `killProcess` */
  static async start({ asProcesses = false }: { readonly asProcesses?: boolean } = {}): Promise<GuideFederation> {
    const federation = new GuideFederation();
    try {
      for (const place of PLACES) federation.#ports.set(place, await freePort());
      await federation.#writeFiles();
      await Promise.all(PLACES.map((place) => federation.#startCluster(place)));
      await Promise.all(PLACES.map((place) => (asProcesses ? federation.startProcess(place) : federation.startMember(place))));
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
  }

  async #writeFiles(): Promise<void> {
    const nowMs = Date.now();
    const authority = await createAuthority('guide', { nowMs });
    this.#write('authority', authority);
    this.#write('operator', await issueOperatorCertificate(authority, { federationId: FEDERATION, level: 'admin', name: 'guide' }, { nowMs }));
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
      federationId: FEDERATION, member: memberIn(place), port: this.#ports.get(place) ?? 0, database: file(`${place}/state.sqlite`), cluster: { kind: 'kubernetes', kubeconfig },
      log: file(`${place}/log.jsonl`), logLevel: 'info',
      tls: { authority: file('authority.crt'), memberCert: file(`${place}.crt`), memberKey: file(`${place}.key`), bridgeCert: file(`${place}-bridge.crt`), bridgeKey: file(`${place}-bridge.key`) },
      ledgers: PLACES.filter((other) => other !== place).map((other) => ({ member: memberIn(other), endpoint: this.#endpoint(other) })),
      minimumTombstoneTtlMs: MINIMUM_TOMBSTONE_TTL_MS,
    };
  }
}
