import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { binaries } from '../kubernetes/binaries.ts';
import { kubeconfigOf } from '../kubernetes/kubeconfig.ts';
import type { LocalCluster } from '../kubernetes/local-cluster.ts';
import { ADMINISTRATOR } from '../kubernetes/local-cluster.ts';
import { startCluster } from '../kubernetes/start-cluster.ts';
import { StartError } from './data-folder.ts';
import type { MemberPlan, Plan } from './plan.ts';
import { BRIDGE_NAMESPACE, federationOf } from './prepare.ts';

const DEFINITIONS = fileURLToPath(new URL('../../cluster/crds', import.meta.url));
const PRIVATE = 0o600;
const PROGRAM = 0o755;

/** The members' API servers, each with our definitions and its member's NovaEdgeFederation. They outlive their member's process. */
export class KubernetesClusters {
  readonly #plan: Plan;
  readonly #say: (text: string) => void;
  #hasControllers = true;
  readonly #clusters = new Map<string, Promise<LocalCluster>>();

  constructor(plan: Plan, say: (text: string) => void) {
    this.#plan = plan;
    this.#say = say;
  }

  /** Path of a kubeconfig with one context for each member, named as it is. */
  get kubeconfig(): string { return join(this.#plan.data, 'kubeconfig'); }
  /** Path of a kubectl of the API servers' version that uses it. */
  get kubectl(): string { return join(this.#plan.data, 'kubectl'); }

  /** @throws StartError in one sentence where the programs can neither be found nor built */
  async build(): Promise<void> {
    const { kubectl } = await binaries(['etcd', 'kube-apiserver', 'kubectl'], this.#say)
      .catch((cause: unknown) => { throw new StartError(cause instanceof Error ? cause.message : String(cause), { cause }); });
    await binaries(['kube-controller-manager'], this.#say).catch((error: unknown) => {
      // KUBEBUILDER_ASSETS usually comes without it.
      this.#hasControllers = false;
      this.#say(`Going on without controllers, so a deleted namespace stays Terminating: ${error instanceof Error ? error.message : String(error)}`);
    });
    writeFileSync(this.kubectl, `#!/bin/sh\nKUBECONFIG="\${KUBECONFIG:-${this.kubeconfig}}" KUBECACHEDIR="${join(this.#plan.data, 'kubectl-cache')}" exec "${kubectl}" "$@"\n`);
    chmodSync(this.kubectl, PROGRAM);
  }

  /** Starts the member's API server, where it does not run; installs what is missing in it. */
  async prepare(member: MemberPlan): Promise<void> {
    const starting = this.#clusters.get(member.name) ?? this.#start(member);
    this.#clusters.set(member.name, starting);
    await starting.catch((error: unknown) => { this.#clusters.delete(member.name); throw error; });
  }

  /** Once all are there. */
  async writeKubeconfig(): Promise<void> {
    const clusters = await Promise.all(this.#clusters.values());
    const contexts = await Promise.all(this.#plan.members.flatMap(({ name }) => clusters.filter((cluster) => cluster.name === name)).map((cluster) => cluster.context(ADMINISTRATOR)));
    writeFileSync(this.kubeconfig, kubeconfigOf(contexts), { mode: PRIVATE });
  }

  async stop(): Promise<void> {
    const clusters = await Promise.allSettled(this.#clusters.values());
    await Promise.all(clusters.flatMap((cluster) => (cluster.status === 'fulfilled' ? [cluster.value.stop()] : [])));
  }

  async #start(member: MemberPlan): Promise<LocalCluster> {
    const died = (program: string, how: string, log: string): void => {
      this.#say(`${member.name}: ${program} of its cluster ended: ${how}. Its objects are kept: stop with Ctrl+C and start again with the same options. Why it ended, its log may say: ${log}`);
    };
    const cluster = await startCluster({ folder: member.folder, name: member.name, controllers: this.#hasControllers, died });
    try {
      await must(cluster, ['apply', '--server-side', '--force-conflicts', '-f', DEFINITIONS]);
      await must(cluster, ['wait', '--for=condition=Established', '--timeout=30s', '-f', DEFINITIONS]);
      await must(cluster, ['apply', '-f', '-'], stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: BRIDGE_NAMESPACE } }));
      // The user's from then on.
      const there = await must(cluster, ['-n', BRIDGE_NAMESPACE, 'get', 'novaedgefederations', '-o', 'name']);
      if (there === '') await must(cluster, ['create', '-f', '-'], stringify(federationOf(this.#plan, member)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }
}

async function must(cluster: LocalCluster, args: readonly string[], input = ''): Promise<string> {
  const { code, stdout, stderr } = await cluster.kubectl(args, input);
  if (code !== 0) throw new Error(`the cluster ${cluster.name} could not be set up: kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}
