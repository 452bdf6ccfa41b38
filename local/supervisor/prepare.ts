import { access, chmod, mkdir, mkdtemp, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { createAuthority, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { MemberConfig } from '../member/member-config.ts';
import type { MemberPlan, Plan } from './plan.ts';
import { relayPort } from './plan.ts';
import { readAuthority } from './read-authority.ts';

/** Where a bridge and its NovaEdgeFederation are. */
export const BRIDGE_NAMESPACE = 'novaedge-system';
const PRIVATE = 0o600;
/** A folder made under a temporary name is its maker's alone. */
const FOLDER_MODE = 0o755;
const HOSTS = ['127.0.0.1', 'localhost'];
/** Nobody waits a day on a laptop to see a delete collected. */
const MINIMUM_TOMBSTONE_TTL_MS = 60_000;

export interface PrepareOptions { readonly plan: Plan; readonly logLevel: string; readonly nowMs: number }

/** Writes everything the members need, leaving alone what is there: certificates, settings, novactl's contexts. */
export async function prepare(options: PrepareOptions): Promise<void> {
  const { plan, nowMs } = options;
  const certificates = join(plan.data, 'certificates');
  await mkdir(certificates, { recursive: true, mode: 0o700 });
  const authority = await authorityOf(certificates, nowMs);
  for (const member of plan.members) {
    await mkdir(dirname(member.database), { recursive: true });
    await writeCertificates(certificates, authority, plan, member, nowMs);
    await writeFile(member.config, `${JSON.stringify(configOf(options, member, certificates), undefined, 2)}\n`, { mode: PRIVATE });
  }
  // An operator's certificate lives for hours: each start makes a new one.
  await writeKeyed(join(certificates, 'operator'), await issueOperatorCertificate(authority, { federationId: plan.federationId, level: 'admin', name: 'local' }, { nowMs, lifeMs: OPERATOR_LIFE_MS }));
  await writeFile(join(plan.data, 'novactl.yaml'), contextsOf(plan));
}

/** As long as the API accepts an operator's certificate for: a federation on a laptop may run for days. */
const OPERATOR_LIFE_MS = 6 * 24 * 3_600_000;

async function authorityOf(folder: string, nowMs: number): Promise<KeyedCertificate> {
  const path = join(folder, 'authority');
  if (await exists(`${path}.crt`)) return readAuthority(path);
  const authority = await createAuthority('NovaEdge local federation', { nowMs });
  await writeKeyed(path, authority);
  return authority;
}

async function writeCertificates(folder: string, authority: KeyedCertificate, plan: Plan, { name }: MemberPlan, nowMs: number): Promise<void> {
  const of = { federationId: plan.federationId, member: asMember(name) };
  if (!(await exists(join(folder, `${name}.crt`)))) await writeKeyed(join(folder, name), await issueMemberCertificate(authority, { ...of, hosts: HOSTS }, { nowMs }));
  if (!(await exists(join(folder, `${name}-bridge.crt`)))) await writeKeyed(join(folder, `${name}-bridge`), await issueBridgeCertificate(authority, of, { nowMs }));
}

async function writeKeyed(path: string, { certificatePem, privateKeyPem }: KeyedCertificate): Promise<void> {
  await writeFile(`${path}.key`, privateKeyPem, { mode: PRIVATE });
  await writeFile(`${path}.crt`, certificatePem);
}

function configOf({ plan, logLevel }: PrepareOptions, member: MemberPlan, certificates: string): MemberConfig {
  const file = (name: string): string => join(certificates, name);
  return {
    federationId: plan.federationId,
    member: member.name,
    ...(plan.hub !== undefined && { hub: plan.hub }),
    port: member.port,
    database: member.database,
    cluster: plan.kubernetes ? { kind: 'kubernetes', kubeconfig: join(member.folder, 'kubeconfig') } : { kind: 'folder', folder: member.folder },
    log: member.log,
    logLevel,
    tls: { authority: file('authority.crt'), memberCert: file(`${member.name}.crt`), memberKey: file(`${member.name}.key`), bridgeCert: file(`${member.name}-bridge.crt`), bridgeKey: file(`${member.name}-bridge.key`) },
    ledgers: plan.members.filter(({ name }) => name !== member.name).map(({ name }) => ({ member: name, endpoint: `127.0.0.1:${relayPort(plan, member.name, name, 'ledger').toString()}` })),
    minimumTombstoneTtlMs: MINIMUM_TOMBSTONE_TTL_MS,
  };
}

/**
 * Makes the folder of a member that has none, or an empty one, with the member's NovaEdgeFederation in it: a manifest as any other,
 * and the user's from then on. The folder is there with the manifest or not at all.
 */
export async function prepareFolder(plan: Plan, member: MemberPlan): Promise<void> {
  const there = await readdir(member.folder).catch(() => []);
  if (there.length > 0) return;
  await mkdir(dirname(member.folder), { recursive: true });
  const folder = await mkdtemp(join(dirname(member.folder), `.${member.name}-`));
  const path = join(folder, BRIDGE_NAMESPACE, 'novaedgefederation.yaml');
  await mkdir(dirname(path));
  await writeFile(path, `# This member's settings, read like any edit: change one and save.\n${stringify(federationOf(plan, member))}`);
  await chmod(folder, FOLDER_MODE);
  await rename(folder, member.folder);
}

/** The member's NovaEdgeFederation, as a first start makes it. */
export function federationOf(plan: Plan, member: MemberPlan): unknown {
  const others = plan.members.filter(({ name }) => name !== member.name);
  return {
    apiVersion: 'novaedge.io/v1alpha1',
    kind: 'NovaEdgeFederation',
    metadata: { name: 'local-federation', namespace: BRIDGE_NAMESPACE },
    spec: {
      federationID: plan.federationId,
      mode: plan.hub === undefined ? 'mesh' : 'hub-spoke',
      localMember: { name: member.name, region: member.region, endpoint: `127.0.0.1:${member.port.toString()}` },
      members: others.map(({ name, region }) => ({ name, region, endpoint: `127.0.0.1:${relayPort(plan, member.name, name, 'rpc').toString()}`, tls: { enabled: true, serverName: name } })),
      sync: { interval: '5s', timeout: '30s', batchSize: 100, compression: true },
      conflictResolution: { strategy: 'LastWriterWins', vectorClocks: true, tombstoneTTL: '24h' },
      healthCheck: { interval: '2s', timeout: '5s', failureThreshold: 3, successThreshold: 1 },
      antiEntropy: { enabled: true, interval: '1m', batchSize: 100, repairMode: 'bidirectional' },
    },
  };
}

/** Paths in it are relative to it. */
function contextsOf(plan: Plan): string {
  const contexts = plan.members.map(({ name, port }) => ({
    name, server: `127.0.0.1:${port.toString()}`, member: name, folder: `clusters/${name}`,
    ca: 'certificates/authority.crt', cert: 'certificates/operator.crt', key: 'certificates/operator.key',
  }));
  return `# Written by npm start; novactl finds it from this folder and below it.\n${stringify({ 'current-context': plan.members[0]?.name, contexts })}`;
}

const exists = (path: string): Promise<boolean> => access(path).then(() => true, () => false);
