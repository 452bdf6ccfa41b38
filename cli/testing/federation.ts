import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { GlobalTable, MemoryStore } from '../../shared/adapters/memory/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import { asClusterId, asMember, asTableId } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import { silentLogger } from '../../shared/ports/logger.ts';
import type { Peer } from '../../shared/ports/peer.ts';
import { beat } from '../../shared/replica/heartbeat.ts';
import { operatorOf } from '../../shared/replica/operator.ts';
import type { PeerHandlers } from '../../shared/replica/peer-handlers.ts';
import { peerHandlers } from '../../shared/replica/peer-handlers.ts';
import { newProcessMemory } from '../../shared/replica/process-memory.ts';
import { ensureServing } from '../../shared/replica/recover.ts';
import { regionOf } from '../../shared/replica/region.ts';
import type { Replica } from '../../shared/replica/replica.ts';
import { DEFAULT_LIMITS } from '../../shared/replica/replica.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { TestCluster } from '../../shared/replica/testing.ts';
import { createApp } from '../../shared/rpc/app.ts';
import { readOneAuthority } from '../../shared/rpc/authorities.ts';
import type { RunningServer } from '../../shared/rpc/node-server.ts';
import { serve } from '../../shared/rpc/node-server.ts';

const FEDERATION = 'prod-global';
const never = new AbortController().signal;
const clock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { ref: false, ...(signal && { signal }) }) };
const random: Random = { bytes: (length) => randomBytes(length) };

/**
 * A federation of real members in this process: the replica over the in-memory store, and OperatorService over mutual TLS. The folder
 * holds novactl's configuration, certificates and each member's manifests.
 */
export class TestFederation {
  readonly folder = mkdtempSync(join(tmpdir(), 'novactl-federation-'));
  readonly #members: readonly Member[];
  readonly #table = new GlobalTable(() => Date.now());
  readonly #replicas = new Map<Member, Replica>();
  readonly #servers = new Map<Member, RunningServer>();
  readonly cuts = new Set<string>();

  constructor(names: readonly string[]) { this.#members = names.map(asMember); }

  get configPath(): string { return join(this.folder, 'novactl.yaml'); }

  async start(strategy: string): Promise<void> {
    const authority = await createAuthority(FEDERATION, { nowMs: Date.now() });
    const write = (name: string, pair: KeyedCertificate): void => {
      writeFileSync(join(this.folder, `${name}.crt`), pair.certificatePem);
      writeFileSync(join(this.folder, `${name}.key`), pair.privateKeyPem, { mode: 0o600 });
    };
    write('ca', authority);
    for (const level of ['admin', 'viewer'] as const) write(level, await issueOperatorCertificate(authority, { federationId: FEDERATION, level, name: 'alice' }, { nowMs: Date.now() }));
    for (const member of this.#members) await this.#startMember(member, authority);
    await this.configure(strategy);
    await this.#greet();
    const contexts = this.#members.map((name) => ({ name, server: `127.0.0.1:${(this.#servers.get(name)?.port ?? 0).toString()}`, ca: 'ca.crt', cert: 'admin.crt', key: 'admin.key', member: name, folder: name }));
    writeFileSync(this.configPath, stringify({ 'current-context': this.#members[0], contexts }));
  }

  /** Gives every member its federation object, as its bridge would. */
  async configure(strategy: string): Promise<void> {
    for (const member of this.#members) {
      const manifest = this.#manifest(member, strategy);
      mkdirSync(join(this.folder, member), { recursive: true });
      writeFileSync(join(this.folder, member, 'federation.yaml'), stringify(manifest));
      const region = regionOf(this.#replica(member));
      await region.putFederation({ clusterId: asClusterId(`cluster-${member}`), leaseEpoch: 1, manifest: JSON.stringify(manifest), generation: 1, schemaGaps: [] }, never);
    }
    await this.#greet();
  }

  /** Lets every member catch up with every other. */
  async settle(): Promise<void> {
    await this.#greet();
    for (const member of this.#members) for (const peer of this.#peersOf(member)) await pullFrom(this.#replica(member), peer, never);
  }

  /** A member's cluster, as its region sees one. */
  cluster(name: string): TestCluster {
    const replica = this.#replica(asMember(name));
    return new TestCluster({ region: regionOf(replica), replica }, `cluster-${name}`);
  }

  async stopMember(name: string): Promise<void> { await this.#servers.get(asMember(name))?.stop(0); }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop(0)));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #startMember(member: Member, authority: KeyedCertificate): Promise<void> {
    const ledger = this.#table.replica(member);
    const replica: Replica = {
      identity: { federationId: FEDERATION, member, hub: undefined },
      limits: DEFAULT_LIMITS,
      store: new MemoryStore(ledger, asTableId(`table-${member}`)),
      ledger,
      peers: { peer: (other) => this.#peer(member, other) },
      clock,
      random,
      events: { publish: () => Promise.resolve() },
      wakeups: { arm: () => ({ wait: () => Promise.resolve() }) },
      logger: silentLogger,
      memory: newProcessMemory(),
    };
    this.#replicas.set(member, replica);
    await ensureServing(replica, never);
    const own = await issueMemberCertificate(authority, { federationId: FEDERATION, member, hosts: ['localhost'] }, { nowMs: Date.now() });
    const authorities = readOneAuthority(authority.certificatePem);
    const app = createApp({
      handlers: { operator: operatorOf(replica) }, logger: silentLogger, clock, random,
      identity: { federationId: FEDERATION, localMember: member, authorities: () => authorities, listedMembers: () => Promise.resolve(new Set(this.#members)), isDenied: () => Promise.resolve(false) },
    });
    this.#servers.set(member, await serve({ app, host: '127.0.0.1', port: 0, tls: { cert: own.certificatePem, key: own.privateKeyPem, ca: [authority.certificatePem] }, logger: silentLogger }));
  }

  #peer(from: Member, to: Member): Peer | undefined {
    if (!this.#replicas.has(to) || to === from) return undefined;
    const handlers = async (): Promise<PeerHandlers> => {
      if (this.cuts.has(`${from} ${to}`) || this.cuts.has(`${to} ${from}`)) throw new Error(`${to} cannot be reached`);
      return peerHandlers(this.#replica(to));
    };
    return {
      member: to,
      pull: async (request, signal) => (await handlers()).pull(from, request, signal),
      push: async (request, signal) => (await handlers()).push(from, request, signal),
      heartbeat: async (request, signal) => (await handlers()).heartbeat(from, request, signal),
      compareDigests: async (request, signal) => (await handlers()).compareDigests(from, request, signal),
      fetchRows: async (request, signal) => (await handlers()).fetchRows(from, request, signal),
      fetchContents: async (request, signal) => (await handlers()).fetchContents(from, request, signal),
    };
  }

  #peersOf(member: Member): readonly Peer[] { return this.#members.map((other) => this.#peer(member, other)).filter((peer) => peer !== undefined); }

  async #greet(): Promise<void> {
    this.#table.settle();
    for (const member of this.#members) for (const peer of this.#peersOf(member)) await beat(this.#replica(member), peer, never);
  }

  #replica(member: Member): Replica {
    const replica = this.#replicas.get(member);
    if (replica === undefined) throw new RangeError(`no member ${member}`);
    return replica;
  }

  #manifest(member: Member, strategy: string) {
    return {
      apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: 'global', namespace: 'novaedge-system' },
      spec: {
        federationID: FEDERATION,
        localMember: { name: member, region: member, endpoint: `${member}.example.com:9090` },
        members: this.#members.filter((other) => other !== member).map((name) => ({ name, region: name, endpoint: `${name}.example.com:9090` })),
        conflictResolution: { strategy },
      },
    };
  }
}
