import { parse } from 'yaml';
import { agentApi } from '../../../functions/agent-api/agent-api.ts';
import { compareWithPeers } from '../../../functions/anti-entropy/compare-with-peers.ts';
import { bridgePull } from '../../../functions/bridge-pull/bridge-pull.ts';
import { clusterApi } from '../../../functions/cluster-api/cluster-api.ts';
import { operatorApi } from '../../../functions/operator-api/operator-api.ts';
import { operatorSync } from '../../../functions/operator-sync/operator-sync.ts';
import { doorbellHandler } from '../../../functions/doorbell/doorbell.ts';
import type { StreamEvent } from '../../../functions/doorbell/doorbell.ts';
import { parseEnvironment, writeQueues } from '../../../functions/environment.ts';
import { keepHouse } from '../../../functions/garbage-collect/keep-house.ts';
import { beatAll } from '../../../functions/health/beat-all.ts';
import { peerApi } from '../../../functions/peer-api/peer-api.ts';
import { pushHandler } from '../../../functions/push/push.ts';
import { CALLS_PEERS } from '../../../functions/region/calls-peers.ts';
import { jobHandler } from '../../../functions/region/job.ts';
import type { BatchAnswer } from '../../../functions/region/lambda.ts';
import type { OpenRegion } from '../../../functions/region/open-region.ts';
import { openRegion } from '../../../functions/region/open-region.ts';
import { sync } from '../../../functions/sync/sync.ts';
import { tickHandler } from '../../../functions/tick/tick.ts';
import type { KeyedCertificate } from '../../../shared/adapters/certificates/index.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../../shared/adapters/certificates/index.ts';
import { ConnectOperator, ConnectRegion } from '../../../shared/adapters/connect/index.ts';
import type { ClientTls } from '../../../shared/adapters/connect/index.ts';
import type { Item } from '../../../shared/adapters/dynamodb/api-types.ts';
import type { TableNames } from '../../../shared/adapters/dynamodb/index.ts';
import type { JsonObject } from '../../../shared/model/content.ts';
import type { Member, ResourceKey } from '../../../shared/model/ids.ts';
import { asMember } from '../../../shared/model/ids.ts';
import { TestCluster } from '../../../shared/replica/testing.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/clock.ts';
import { FaultProxy } from '../../emulator/fault-proxy.ts';
import { startMinistack } from '../../emulator/ministack.ts';
import { Aws } from './aws.ts';
import type { Api, Front } from './front.ts';
import { contextOf, startFront } from './front.ts';

const FEDERATION = 'prod';

/** One member: its functions over the emulator, its front, its cluster, and hands in its tables. */
export class FunctionsMember {
  readonly name: Member;
  readonly region: OpenRegion;
  readonly front: Front;
  readonly cluster: TestCluster;
  readonly bridge: ConnectRegion;
  readonly operator: ConnectOperator;
  /** What an admin connects with. */
  readonly operatorTls: () => ClientTls;
  readonly proxy: FaultProxy;
  readonly tables: TableNames;
  readonly watched: string;
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Has the front hand over to another instance's functions, as a deployment would; the answer undoes it. */
  readonly serveFrom: (region: OpenRegion) => () => void;
  /** The same with any functions, by service, or by service and method. */
  readonly serveBy: (apis: Readonly<Record<string, Api>>) => () => void;
  /** Puts another certificate into the member's secret: of the federation's authority, or of one by this name. */
  readonly replaceCertificate: (issuer?: string) => Promise<void>;
  readonly #close: () => Promise<void>;

  constructor(parts: Pick<FunctionsMember, 'name' | 'region' | 'front' | 'cluster' | 'bridge' | 'operator' | 'operatorTls' | 'proxy' | 'tables' | 'watched' | 'log' | 'serveFrom' | 'serveBy' | 'replaceCertificate'> & { readonly close: () => Promise<void> }) {
    this.name = parts.name;
    this.region = parts.region;
    this.front = parts.front;
    this.cluster = parts.cluster;
    this.bridge = parts.bridge;
    this.operator = parts.operator;
    this.operatorTls = parts.operatorTls;
    this.proxy = parts.proxy;
    this.tables = parts.tables;
    this.watched = parts.watched;
    this.log = parts.log;
    this.serveFrom = parts.serveFrom;
    this.serveBy = parts.serveBy;
    this.replaceCertificate = parts.replaceCertificate;
    this.#close = parts.close;
  }

  sync(): Promise<void> { return this.#job('sync', (signal) => sync(this.region, signal)); }
  antiEntropy(): Promise<void> { return this.#job('anti-entropy', (signal) => compareWithPeers(this.region, signal)); }
  health(): Promise<void> { return this.#job('health', (signal) => beatAll(this.region, signal)); }
  garbageCollect(): Promise<void> { return this.#job('garbage-collect', () => keepHouse(this.region)); }
  push(detail: Readonly<Record<string, unknown>>): Promise<void> { return pushHandler(this.region)({ detail }, contextOf('push')); }
  doorbell(event: StreamEvent): Promise<BatchAnswer> { return doorbellHandler(this.region)(event, contextOf('doorbell')); }
  tick(event: Parameters<ReturnType<typeof tickHandler>>[0]): Promise<BatchAnswer | undefined> { return tickHandler(this.region)(event, contextOf('tick')); }

  /** The `spec` of what an operator is shown of a resource; undefined where there is none. */
  async specOf(key: ResourceKey): Promise<unknown> {
    const found = await this.operator.get(key);
    return found === undefined ? undefined : (parse(found.manifest) as { readonly spec: unknown }).spec;
  }

  stop(): Promise<void> { return this.#close(); }

  #job(name: string, work: (signal: AbortSignal) => ReturnType<typeof sync>): Promise<void> { return jobHandler(this.region, work)({}, contextOf(name)); }
}

/** Three members on one emulator, each with tables, bus, queue and secret of its own, calling each other over TLS. */
export class FunctionsFederation {
  readonly aws: Aws;
  readonly members: ReadonlyMap<string, FunctionsMember>;
  readonly #ledgers = new Map<Member, ReadonlyMap<string, string>>();
  readonly #stop: () => Promise<void>;

  private constructor(aws: Aws, members: ReadonlyMap<string, FunctionsMember>, stop: () => Promise<void>) {
    this.aws = aws;
    this.members = members;
    this.#stop = stop;
  }

  static async start(names: readonly string[], options: { readonly spec?: JsonObject; readonly peerDomains?: string } = {}): Promise<FunctionsFederation> {
    const emulator = await startMinistack();
    const aws = new Aws(emulator.url);
    const members = new Map<string, FunctionsMember>();
    const federation = new FunctionsFederation(aws, members, async () => {
      for (const member of members.values()) await member.stop();
      aws.close();
      await emulator.stop();
    });
    try {
      const authority = await createAuthority(FEDERATION, { nowMs: Date.now() });
      for (const name of names) members.set(name, await startMember(asMember(name), { aws, url: emulator.url, authority, peerDomains: options.peerDomains ?? '' }));
      for (const member of members.values()) await federation.join(member, options.spec);
      await federation.pump();
      for (const member of members.values()) await member.health();
      return federation;
    } catch (error) {
      // Nobody else would end the emulator.
      await federation.stop();
      throw error;
    }
  }

  member(name: string): FunctionsMember {
    const member = this.members.get(name);
    if (member === undefined) throw new RangeError(`no member ${name}`);
    return member;
  }

  /** The member's cluster introduces itself with a federation object that lists the others. */
  async join({ name, cluster, front, bridge }: FunctionsMember, spec: JsonObject = {}): Promise<readonly { readonly type: string; readonly reason: string; readonly message: string }[]> {
    const others = [...this.members.values()].filter((other) => other.name !== name);
    const manifest = JSON.stringify({
      apiVersion: 'novaedge.io/v1alpha1', kind: 'NovaEdgeFederation', metadata: { name: FEDERATION, namespace: 'default' },
      spec: {
        federationID: FEDERATION, mode: 'mesh', localMember: { name, endpoint: front.endpoint },
        members: others.map((other) => ({ name: other.name, endpoint: other.front.endpoint, tls: { enabled: true } })),
        conflictResolution: { strategy: 'LastWriterWins' }, sync: { interval: '5s', timeout: '5s' }, healthCheck: { interval: '10s', timeout: '2s' }, antiEntropy: { enabled: true, interval: '5m' }, ...spec,
      },
    });
    const { accepted, conditions } = await bridge.putFederation({ ...cluster.identity, manifest, generation: 1, schemaGaps: [] }, new AbortController().signal);
    if (!accepted) return conditions;
    await cluster.follow();
    return [];
  }

  /** What a global table does: brings what each member wrote since the last time to the others; answers what their streams tell. */
  async pump(): Promise<ReadonlyMap<string, StreamEvent>> {
    const records = new Map<string, { dynamodb: { SequenceNumber: string; NewImage: Item } }[]>([...this.members.keys()].map((name) => [name, []]));
    let sequence = 0;
    for (const from of this.members.values()) {
      const own = (await this.aws.items(from.tables.ledger)).filter((item) => item['p']?.S === from.name);
      const before = this.#ledgers.get(from.name) ?? new Map<string, string>();
      const now = new Map(own.map((item) => [item['s']?.S ?? '', JSON.stringify(item)]));
      for (const to of this.members.values()) {
        if (to === from) continue;
        for (const [sort, text] of now) {
          if (before.get(sort) === text) continue;
          const item = JSON.parse(text) as Item;
          await this.aws.put(to.tables.ledger, item);
          records.get(to.name)?.push({ dynamodb: { SequenceNumber: (sequence += 1).toString(), NewImage: item } });
        }
        for (const sort of before.keys()) if (!now.has(sort)) await this.aws.drop(to.tables.ledger, { p: { S: from.name }, s: { S: sort } });
      }
      this.#ledgers.set(from.name, now);
    }
    return new Map([...records].map(([name, Records]) => [name, { Records }]));
  }

  stop(): Promise<void> { return this.#stop(); }
}

/** The functions behind the HTTP API, by service. */
function apisOf(region: OpenRegion): Readonly<Record<string, Api>> {
  const exchange = operatorSync(region);
  return {
    PeerService: peerApi(region), BridgeService: clusterApi(region), 'BridgeService/Pull': bridgePull(region), AgentService: agentApi(region),
    OperatorService: operatorApi(region), 'OperatorService/SyncNow': exchange, 'OperatorService/Reconcile': exchange,
  };
}

interface Surroundings { readonly aws: Aws; readonly url: string; readonly authority: KeyedCertificate; readonly peerDomains: string; readonly tables?: TableNames }

/** A member's functions as they stand in one instance each. */
export async function startMember(name: Member, { aws, url, authority, peerDomains, tables = { regional: `${name}-regional`, ledger: `${name}-ledger` } }: Surroundings): Promise<FunctionsMember> {
  const validity = { nowMs: Date.now() };
  const own = await issueMemberCertificate(authority, { federationId: FEDERATION, member: name, hosts: ['localhost'] }, validity);
  await aws.tables(tables);
  const { watched } = await aws.bus(`${name}-bus`);
  const ticks = await aws.queue(`${name}-ticks`);
  const deadLetters = Object.fromEntries(await Promise.all(['push', 'tick', 'doorbell'].map(async (source) => [source, await aws.queue(`${name}-${source}-dead-letters`)] as const)));
  await aws.putSecret(`${name}-secret`, { certificate: own.certificatePem, privateKey: own.privateKeyPem, authorities: authority.certificatePem });
  const proxy = new FaultProxy(url, Math.random);
  const log: Readonly<Record<string, unknown>>[] = [];
  const environment = parseEnvironment({
    NOVAEDGE_FEDERATION_ID: FEDERATION, NOVAEDGE_MEMBER: name, NOVAEDGE_REGIONAL_TABLE: tables.regional, NOVAEDGE_LEDGER_TABLE: tables.ledger, NOVAEDGE_EVENT_BUS: `${name}-bus`,
    NOVAEDGE_TICK_QUEUE_URL: ticks, NOVAEDGE_DEAD_LETTER_QUEUES: writeQueues(deadLetters), NOVAEDGE_MEMBER_SECRET: `${name}-secret`, NOVAEDGE_PEER_DOMAINS: peerDomains, NOVAEDGE_LOG_LEVEL: 'debug', AWS_REGION: 'us-west-2', AWS_ENDPOINT_URL: await proxy.start(),
  });
  const region = openRegion(environment, CALLS_PEERS, {
    clock: systemClock, random: systemRandom, credentials: () => ({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: 'token' }), writeLog: (line) => { log.push(JSON.parse(line) as Readonly<Record<string, unknown>>); },
  });
  let serving = apisOf(region);
  const serveBy = (apis: Readonly<Record<string, Api>>): (() => void) => {
    serving = apis;
    return () => { serving = apisOf(region); };
  };
  const through = (service: string): Api => (event, context) => serving[service]?.(event, context) ?? Promise.reject(new TypeError(service));
  const front = await startFront({ cert: own.certificatePem, key: own.privateKeyPem, ca: authority.certificatePem }, Object.fromEntries(Object.keys(serving).map((service) => [service, through(service)])));
  const bridgeCertificate = await issueBridgeCertificate(authority, { federationId: FEDERATION, member: name }, validity);
  const operatorCertificate = await issueOperatorCertificate(authority, { federationId: FEDERATION, level: 'admin', name: 'alice' }, validity);
  const as = ({ certificatePem, privateKeyPem }: KeyedCertificate) => (): ClientTls => ({ cert: certificatePem, key: privateKeyPem, ca: authority.certificatePem });
  const bridge = new ConnectRegion({ federationId: FEDERATION, member: name, endpoint: front.endpoint, tls: as(bridgeCertificate) });
  const operatorTls = as(operatorCertificate);
  const operator = new ConnectOperator({ federationId: FEDERATION, member: name, endpoint: front.endpoint, tls: operatorTls });
  const testCluster = new TestCluster({ region: bridge, replica: region.replica }, `cluster-of-${name}`);
  return new FunctionsMember({
    name, region, front, cluster: testCluster, bridge, operator, operatorTls, proxy, tables, watched, log,
    serveFrom: (other) => serveBy(apisOf(other)),
    serveBy,
    replaceCertificate: async (issuer) => {
      const next = await issueMemberCertificate(issuer === undefined ? authority : await createAuthority(issuer, validity), { federationId: FEDERATION, member: name, hosts: ['localhost'] }, validity);
      await aws.putSecret(`${name}-secret`, { certificate: next.certificatePem, privateKey: next.privateKeyPem, authorities: authority.certificatePem });
    },
    close: async () => {
      bridge.close();
      operator.close();
      region.close();
      await front.stop();
      await proxy.stop();
    },
  });
}
