import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { binaries } from './binaries.ts';
import { issueClientCertificate } from './cluster-certificates.ts';
import type { KubernetesUser } from './cluster-certificates.ts';
import type { ClusterFolder } from './cluster-folder.ts';
import type { ClusterPaths } from './cluster-programs.ts';
import { apiServerArguments, controllerArguments, etcdArguments } from './cluster-programs.ts';
import { compactEtcd } from './etcd-calls.ts';
import type { KubeContext } from './kubeconfig.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { LeashedProcess } from './leashed-process.ts';
import { untilReady } from './ready.ts';

const KUBECTL_TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const PRIVATE = 0o600;
/** Who may do anything in a cluster. */
export const ADMINISTRATOR: KubernetesUser = { user: 'admin', groups: ['system:masters'] };

export interface ClusterOptions {
  /** Where its data are kept; one that was started there before goes on. */
  readonly folder: string;
  /** The context's name in the kubeconfig. */
  readonly name: string;
  readonly port?: number;
  /** Runs kube-controller-manager besides (82 MB). Without it namespaces stay Terminating and owned objects stay. */
  readonly controllers?: boolean;
  readonly apiServerFlags?: readonly string[];
  /** Told of a build of the programs, which takes minutes. */
  readonly say?: (text: string) => void;
  /** Told when one of its programs ends that nobody stopped, once the cluster was ready: which, how, and the path of its log. */
  readonly died?: (program: ClusterProgram, how: string, log: string) => void;
}
export type ClusterProgram = 'etcd' | 'kube-apiserver' | 'kube-controller-manager';
export interface ProgramResult { readonly code: number; readonly stdout: string; readonly stderr: string }

/**
 * A real Kubernetes API server with its etcd on loopback: RBAC, client certificates, service-account tokens. No nodes, no scheduler.
 * Its processes end with ours.
 */
export class LocalCluster {
  readonly name: string;
  readonly port: number;
  /** Path of the administrator's kubeconfig, context `name`. */
  readonly kubeconfig: string;
  readonly #options: ClusterOptions;
  readonly #folder: ClusterFolder;
  readonly #programs: Readonly<Record<'etcd' | 'kube-apiserver' | 'kubectl', string>>;
  /** A path of a Unix socket has at most 107 bytes: in a folder of its own, where it is short. */
  readonly #sockets = mkdtempSync(join(tmpdir(), 'nk-'));
  #etcd: LeashedProcess | undefined;
  #apiServer: LeashedProcess | undefined;
  #controllers: LeashedProcess | undefined;

  constructor(options: ClusterOptions, folder: ClusterFolder, programs: Readonly<Record<'etcd' | 'kube-apiserver' | 'kubectl', string>>, port: number) {
    this.#options = options;
    this.#folder = folder;
    this.#programs = programs;
    this.name = options.name;
    this.port = port;
    this.kubeconfig = folder.file('kubeconfig');
  }

  get server(): string { return `https://127.0.0.1:${this.port.toString()}`; }
  /** The PEM by which clients know the server. */
  get authorityPem(): string { return this.#folder.authority.certificatePem; }
  /** Of the API server, while it runs. */
  get pid(): number | undefined { return this.#apiServer?.ended === undefined ? this.#apiServer?.pid : undefined; }

  /** Starts what does not run; resolves when the API server is ready. @throws Error with the last lines of its log */
  async start(): Promise<void> {
    const begun = new Map<ClusterProgram, LeashedProcess>();
    const [paths, log] = [this.#paths, (name: string): string => this.#folder.file(`${name}.log`)];
    if (this.#etcd === undefined || this.#etcd.ended !== undefined) {
      this.#etcd = new LeashedProcess(this.#programs.etcd, etcdArguments(paths), log('etcd'));
      begun.set('etcd', this.#etcd);
    }
    if (this.#apiServer === undefined || this.#apiServer.ended !== undefined) {
      this.#apiServer = new LeashedProcess(this.#programs['kube-apiserver'], apiServerArguments(paths, this.port, this.#options.apiServerFlags ?? []), log('kube-apiserver'));
      begun.set('kube-apiserver', this.#apiServer);
    }
    await untilReady(this.server, this.authorityPem, [this.#etcd, this.#apiServer])
      .catch((cause: unknown) => { throw new Error(`the cluster ${this.name} did not start: ${cause instanceof Error ? cause.message : String(cause)}`, { cause }); });
    writeFileSync(this.kubeconfig, kubeconfigOf([await this.context(ADMINISTRATOR)]), { mode: PRIVATE });
    if (this.#options.controllers === true && (this.#controllers === undefined || this.#controllers.ended !== undefined)) {
      this.#controllers = await this.#startControllers();
      begun.set('kube-controller-manager', this.#controllers);
    }
    for (const [program, running] of begun) running.onDeath((how) => { this.#options.died?.(program, how, running.log); });
  }

  /** Ends all of it, as a power cut does; what was acknowledged is kept. */
  async stop(): Promise<void> {
    await Promise.all([this.#controllers?.kill(), this.#apiServer?.kill(), this.#etcd?.kill()]);
    rmSync(this.#sockets, { recursive: true, force: true });
  }

  /** The API server alone is gone until `start`. */
  async kill(): Promise<void> { await this.#apiServer?.kill(); }
  async restart(): Promise<void> { await this.kill(); await this.start(); }
  /** The API server hangs, connections open, until `resume`. */
  pause(): void { this.#apiServer?.pause(); }
  resume(): void { this.#apiServer?.resume(); }
  /** Ends every watch from before now with 410, as soon as it is begun again. */
  async compact(): Promise<void> { await compactEtcd(this.#paths.etcdSocket); }

  /** What a kubeconfig needs to let this user in, by a certificate. */
  async context(user: KubernetesUser, name = this.name): Promise<KubeContext> {
    return { name, server: this.server, authorityPem: this.authorityPem, credentials: { certificate: await issueClientCertificate(this.#folder.authority, user, Date.now()) } };
  }

  /** Writes a kubeconfig for this user and returns its path. */
  async kubeconfigFor(user: KubernetesUser): Promise<string> {
    const path = this.#folder.file(`kubeconfig-${user.user.replaceAll(/[^\w.-]/g, '_')}`);
    writeFileSync(path, kubeconfigOf([await this.context(user)]), { mode: PRIVATE });
    return path;
  }

  /** Runs kubectl as the administrator. `input` is what `-f -` reads. Its exit code is an answer, not an error. */
  kubectl(args: readonly string[], input = ''): Promise<ProgramResult> {
    return new Promise((resolve) => {
      const env = { ...process.env, KUBECONFIG: this.kubeconfig, KUBECACHEDIR: this.#folder.file('kubectl-cache') };
      const child = execFile(this.#programs.kubectl, [...args], { env, timeout: KUBECTL_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
      });
      child.stdin?.on('error', () => undefined); // It may end without reading.
      child.stdin?.end(input);
    });
  }

  /** What Kubernetes has for a cluster's ID. */
  async kubeSystemUid(): Promise<string> {
    const { stdout, stderr, code } = await this.kubectl(['get', 'namespace', 'kube-system', '-o', 'jsonpath={.metadata.uid}']);
    if (code !== 0) throw new Error(`the cluster ${this.name} has no namespace kube-system: ${stderr}`);
    return stdout;
  }

  get #paths(): ClusterPaths {
    return { file: (name) => this.#folder.file(name), etcdSocket: join(this.#sockets, 'client'), peerSocket: join(this.#sockets, 'peer') };
  }

  async #startControllers(): Promise<LeashedProcess> {
    const { 'kube-controller-manager': program } = await binaries(['kube-controller-manager'], this.#options.say ?? (() => undefined));
    return new LeashedProcess(program, controllerArguments(this.kubeconfig), this.#folder.file('kube-controller-manager.log'));
  }
}
