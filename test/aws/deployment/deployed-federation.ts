import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify, parse } from 'yaml';
import { startBridge } from '../../../cluster/bridge/bridge.ts';
import { openDirectoryCluster } from '../../../cluster/directory/directory-cluster.ts';
import { ledgerStackName, ledgerTableName, regionStackName } from '../../../infra/names.ts';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../../shared/adapters/certificates/index.ts';
import type { KeyedCertificate } from '../../../shared/adapters/certificates/index.ts';
import { ConnectOperator, ConnectRegion } from '../../../shared/adapters/connect/index.ts';
import { systemClock, systemRandom } from '../../../shared/adapters/system/index.ts';
import { asMember } from '../../../shared/model/ids.ts';
import type { Operator } from '../../../shared/ports/operator.ts';
import { assemblyFor } from './assembly.ts';
import { EmulatedRegion, SERVICES } from './emulated-region.ts';
import { LedgerPump } from './ledger-pump.ts';
import { ACCOUNT, FEDERATION, MEMBERS, assemblyOf, domainOf, synthesize } from './synthesis.ts';
import type { MemberName } from './synthesis.ts';
import { TlsFront } from './tls-front.ts';

const CALL_TIMEOUT_MS = 20_000;
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** A member as it is deployed: its region's emulator, the doors to its API, its cluster (a folder) with a bridge. */
export interface DeployedMember {
  readonly name: MemberName;
  readonly emulator: EmulatedRegion;
  readonly outputs: Readonly<Record<string, string>>;
  /** What other members call. */
  readonly peers: TlsFront;
  /** What its own bridge and operators call, so that cutting peers off cuts nobody else. */
  readonly own: TlsFront;
  readonly folder: string;
  readonly operator: Operator & { close(): void };
  stopBridge(): Promise<void>;
}

export interface DeployOptions<Name extends MemberName> {
  readonly members: readonly Name[];
  /** Whether the functions' calls to their region go through `emulator.faults`. */
  readonly withFaults: boolean;
  /** Is told what takes how long. */
  readonly say: (line: string) => void;
}

/** Members, deployed by `cdk deploy` from the synthesized templates, each to an emulator of its own, with bridges on folders. */
export class DeployedFederation<Name extends MemberName = MemberName> {
  readonly members: Readonly<Record<Name, DeployedMember>>;
  readonly pump: LedgerPump;
  /** What the deployed templates differ in from the synthesized ones. */
  readonly differences: readonly string[];
  readonly #work: string;

  private constructor(members: Readonly<Record<Name, DeployedMember>>, pump: LedgerPump, differences: readonly string[], work: string) {
    [this.members, this.pump, this.differences, this.#work] = [members, pump, differences, work];
  }

  static async deploy<Name extends MemberName>({ members: names, withFaults, say }: DeployOptions<Name>): Promise<DeployedFederation<Name>> {
    const work = mkdtempSync(join(tmpdir(), 'novaedge-deployed-'));
    const lap = laps(say);
    const nowMs = Date.now();
    const authority = await createAuthority('deployed federation', { nowMs });
    const deployed = MEMBERS.filter(({ name }) => (names as readonly MemberName[]).includes(name));
    writeFileSync(join(work, 'truststore.pem'), authority.certificatePem);
    const assembly = await synthesize(work, deployed);
    lap('synthesized');
    const emulators = await Promise.all(deployed.map(({ region }) => EmulatedRegion.start(region, ACCOUNT, withFaults)));
    lap('emulators started');
    await Promise.all(emulators.map((emulator) => emulator.bootstrap()));
    lap('bootstrapped');
    const differences: string[] = [];
    // The deploys of members know nothing of each other; one at a time only because the machine is small.
    for (const [at, emulator] of emulators.entries()) {
      const copy = assemblyOf(work, emulator);
      differences.push(...assemblyFor(emulator.region, ledgerStackName(FEDERATION), assembly, copy));
      await emulator.deploy(copy, [ledgerStackName(FEDERATION)]);
      await emulator.deploy(copy, [regionStackName(FEDERATION, deployed[at]?.name ?? '')]);
      lap(`deployed ${emulator.region}`);
    }
    const pump = new LedgerPump(emulators, ledgerTableName(FEDERATION), Math.random);
    pump.start();
    const fronts = await Promise.all(deployed.map(({ name }, at) => openDoors(name, at, emulators, authority, nowMs)));
    const members = await Promise.all(fronts.map((front) => openMember(front, fronts, work, authority, nowMs)));
    lap('bridges started');
    return new DeployedFederation(Object.fromEntries(members.map((member) => [member.name, member])) as Record<Name, DeployedMember>, pump, differences, work);
  }

  file(member: Name, path: string): string { return join(this.members[member].folder, path); }

  /** A manifest as it stands in a member's folder; undefined where there is none. */
  async manifest(member: Name, path: string): Promise<unknown> {
    return readFile(this.file(member, path), 'utf8').then((text) => parse(text) as unknown, () => undefined);
  }

  /** Saves a manifest in a member's folder, as an editor does. */
  save(member: Name, path: string, object: object): void {
    mkdirSync(join(this.file(member, path), '..'), { recursive: true });
    writeFileSync(this.file(member, path), stringify(object));
  }

  /** `cdk deploy` of a member, once more. @returns what it said */
  deployAgain(member: Name): Promise<string> {
    const { emulator } = this.members[member];
    return emulator.deploy(assemblyOf(this.#work, emulator), [regionStackName(FEDERATION, member)]);
  }

  /** The same, with a table that was restored from a backup in place of the member's own: synthesized anew, as an operator does. */
  async deployWithTable(member: Name, restoredTable: string): Promise<string> {
    const deployed = MEMBERS.filter(({ name }) => name in this.members).map((one) => (one.name === member ? { ...one, restoredTable } : one));
    const { emulator } = this.members[member];
    const copy = `${assemblyOf(this.#work, emulator)}-restored`;
    assemblyFor(emulator.region, ledgerStackName(FEDERATION), await synthesize(this.#work, deployed), copy);
    return emulator.deploy(copy, [regionStackName(FEDERATION, member)]);
  }

  remove(member: Name, path: string): Promise<void> { return rm(this.file(member, path)); }

  async stop(): Promise<void> {
    const all = Object.values<DeployedMember>(this.members);
    await Promise.all(all.map((member) => member.stopBridge()));
    await this.pump.stop();
    for (const { operator } of all) operator.close();
    await Promise.all(all.flatMap(({ peers, own }) => [peers.stop(), own.stop()]));
    await Promise.all(all.map(({ emulator }) => emulator.stop()));
    rmSync(this.#work, { recursive: true, force: true });
  }
}

type Doors = Pick<DeployedMember, 'name' | 'emulator' | 'outputs' | 'peers' | 'own'>;

/** Fills the member's secret, as the deploy guide says, and opens its domain. */
async function openDoors(name: MemberName, at: number, emulators: readonly EmulatedRegion[], authority: KeyedCertificate, nowMs: number): Promise<Doors> {
  const emulator = emulators[at];
  if (emulator === undefined) throw new Error(`no emulator for ${name}`);
  const outputs = await emulator.outputs(regionStackName(FEDERATION, name));
  const certificate = await issueMemberCertificate(authority, { federationId: FEDERATION, member: asMember(name), hosts: ['127.0.0.1', domainOf(name)] }, { nowMs });
  const secret = { certificate: certificate.certificatePem, privateKey: certificate.privateKeyPem, authorities: authority.certificatePem };
  await emulator.client.call(SERVICES.secrets, 'PutSecretValue', { SecretId: outputs['Secret'], SecretString: JSON.stringify(secret), ClientRequestToken: crypto.randomUUID() });
  const front = { certificate: certificate.certificatePem, privateKey: certificate.privateKeyPem, truststore: authority.certificatePem, upstream: emulator.url, domain: domainOf(name) };
  return { name, emulator, outputs, peers: await TlsFront.start(front), own: await TlsFront.start(front) };
}

async function openMember(doors: Doors, all: readonly Doors[], work: string, authority: KeyedCertificate, nowMs: number): Promise<DeployedMember> {
  const { name, own } = doors;
  const member = asMember(name);
  const folder = join(work, 'clusters', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'federation.yaml'), stringify(federationObject(name, all)));
  const tlsOf = ({ certificatePem, privateKeyPem }: KeyedCertificate) => ({ cert: certificatePem, key: privateKeyPem, ca: authority.certificatePem });
  const [bridgeTls, operatorTls] = [
    tlsOf(await issueBridgeCertificate(authority, { federationId: FEDERATION, member }, { nowMs })),
    tlsOf(await issueOperatorCertificate(authority, { federationId: FEDERATION, level: 'admin', name: 'test' }, { nowMs })),
  ];
  const cluster = await openDirectoryCluster({ root: folder, clock: systemClock, random: systemRandom, logger: SILENT });
  const region = new ConnectRegion({ federationId: FEDERATION, member, endpoint: own.endpoint, tls: () => bridgeTls });
  const bridge = startBridge({ cluster, region, clock: systemClock, random: systemRandom, logger: SILENT, version: 'test' });
  const operator = new ConnectOperator({ federationId: FEDERATION, member, endpoint: own.endpoint, tls: () => operatorTls, callTimeoutMs: CALL_TIMEOUT_MS });
  const stopBridge = async (): Promise<void> => {
    await bridge.stop();
    await cluster.close();
    region.close();
  };
  return { ...doors, folder, operator, stopBridge };
}

function federationObject(local: MemberName, all: readonly Doors[]): object {
  const entryOf = ({ name, peers }: Doors) => ({ name, region: name, endpoint: peers.endpoint });
  return {
    apiVersion: 'novaedge.io/v1alpha1',
    kind: 'NovaEdgeFederation',
    metadata: { name: 'deployed', namespace: 'novaedge-system' },
    spec: {
      federationID: FEDERATION,
      localMember: all.filter(({ name }) => name === local).map(entryOf)[0],
      members: all.filter(({ name }) => name !== local).map((doors) => ({ ...entryOf(doors), tls: { enabled: true } })),
      sync: { interval: '5s', timeout: '10s' },
      healthCheck: { interval: '5s', timeout: '3s', failureThreshold: 2 },
    },
  };
}

function laps(say: (line: string) => void): (what: string) => void {
  let last = performance.now();
  return (what) => {
    say(`${what} after ${((performance.now() - last) / 1000).toFixed(1)} s`);
    last = performance.now();
  };
}
