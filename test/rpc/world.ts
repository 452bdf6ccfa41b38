import { randomBytes, webcrypto } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import * as x509 from '../../shared/adapters/certificates/x509.ts';
import { createAuthority, issueAgentCertificate, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { keyFromPem, keyToPem } from '../../shared/adapters/certificates/keys.ts';
import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Clock, Random } from '../../shared/ports/clock.ts';
import type { LogFields, Logger } from '../../shared/ports/logger.ts';
import type { AppOptions } from '../../shared/rpc/app.ts';
import { createApp } from '../../shared/rpc/app.ts';
import { readAuthorities } from '../../shared/rpc/authorities.ts';
import type { SocketEnvironment } from '../../shared/rpc/certificate-sources.ts';
import type { DeniedName, IdentityPolicy } from '../../shared/rpc/identity.ts';
import type { RunningServer, ServeOptions } from '../../shared/rpc/node-server.ts';
import { serve } from '../../shared/rpc/node-server.ts';
import type { RecordingHandlers } from './recording-handlers.ts';
import { recordingHandlers } from './recording-handlers.ts';

export const FEDERATION = 'prod-global';
export const LOCAL = asMember('us-west');
export const PEER = asMember('eu-west');
export const STRANGER = asMember('mars-north');

const DAY_MS = 24 * 3_600_000;
/** Authorities that were there long before, so that certificates of other times can be made. */
const LONG_AGO_MS = Date.now() - 400 * DAY_MS;

export const systemClock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { ref: false, ...(signal && { signal }) }) };
export const systemRandom: Random = { bytes: (length) => randomBytes(length) };

/** One authority per role, and one that nobody here knows. */
export interface TestAuthorities { readonly peer: KeyedCertificate; readonly bridge: KeyedCertificate; readonly agent: KeyedCertificate; readonly operator: KeyedCertificate; readonly other: KeyedCertificate }

export async function makeAuthorities(): Promise<TestAuthorities> {
  const make = (name: string): Promise<KeyedCertificate> => createAuthority(name, { nowMs: LONG_AGO_MS });
  const [peer, bridge, agent, operator, other] = await Promise.all([make('peers'), make('bridges'), make('agents'), make('operators'), make('somebody else')]);
  return { peer, bridge, agent, operator, other };
}

export const pinned = ({ peer, bridge, agent, operator }: TestAuthorities): ReturnType<typeof readAuthorities> =>
  readAuthorities({ peer: peer.certificatePem, bridge: bridge.certificatePem, agent: agent.certificatePem, operator: operator.certificatePem });

export const caPems = (authorities: TestAuthorities): readonly string[] => Object.values(authorities).map(({ certificatePem }: KeyedCertificate) => certificatePem);

export const now = (): { nowMs: number } => ({ nowMs: Date.now() });
export const memberCertificate = (authority: KeyedCertificate, member: Member, federationId = FEDERATION, validity: { nowMs: number; lifeMs?: number } = now()): Promise<KeyedCertificate> =>
  issueMemberCertificate(authority, { federationId, member, hosts: ['localhost', '127.0.0.1'] }, validity);
export const bridgeCertificate = (authority: KeyedCertificate, member: Member, federationId = FEDERATION, validity: { nowMs: number; lifeMs?: number } = now()): Promise<KeyedCertificate> =>
  issueBridgeCertificate(authority, { federationId, member }, validity);
export const agentCertificate = (authority: KeyedCertificate, member: Member, node: string | undefined, federationId = FEDERATION): Promise<KeyedCertificate> =>
  issueAgentCertificate(authority, { federationId, member, node }, now());
export const operatorCertificate = (authority: KeyedCertificate, level: 'viewer' | 'admin', validity: { nowMs: number; lifeMs?: number } = now(), federationId = FEDERATION): Promise<KeyedCertificate> =>
  issueOperatorCertificate(authority, { federationId, level, name: 'alice@example.com' }, validity);

/** A certificate with exactly these extensions, for what the library would never make. */
export async function forge(authority: KeyedCertificate, subject: string, extensions: x509.Extension[]): Promise<KeyedCertificate> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject, issuer: new x509.X509Certificate(authority.certificatePem).subjectName, publicKey: keys.publicKey, signingKey: await keyFromPem('authority', authority.privateKeyPem),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' }, notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + DAY_MS), extensions,
  });
  return { certificatePem: `${certificate.toString('pem')}\n`, privateKeyPem: await keyToPem(keys.privateKey) };
}

export const altNames = (...names: readonly x509.JsonGeneralName[]): x509.Extension => new x509.SubjectAlternativeNameExtension([...names]);

export const clientTls = (certificate: KeyedCertificate, authorities: TestAuthorities): ClientTls => ({ cert: certificate.certificatePem, key: certificate.privateKeyPem, ca: authorities.peer.certificatePem });

export interface Logged { readonly level: string; readonly event: string; readonly fields: LogFields }
export function recordingLogger(): { readonly logger: Logger; readonly events: Logged[] } {
  const events: Logged[] = [];
  const at = (level: string) => (event: string, fields: LogFields = {}): void => { events.push({ level, event, fields }); };
  return { events, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

/** A region's server with recording handlers, and everything a test may want to change while it runs. */
export interface World {
  readonly authorities: TestAuthorities;
  readonly server: RunningServer;
  readonly handlers: RecordingHandlers;
  readonly events: Logged[];
  readonly denied: Set<string>;
  /** Over which calls came in. */
  readonly connections: Set<object>;
  listed: ReadonlySet<Member> | undefined;
  stop(): Promise<void>;
}

export async function startWorld(change: { readonly app?: Partial<AppOptions>; readonly serve?: Partial<ServeOptions>; readonly identity?: Partial<IdentityPolicy>; readonly authorities?: TestAuthorities } = {}): Promise<World> {
  const authorities = change.authorities ?? (await makeAuthorities());
  const { logger, events } = recordingLogger();
  const handlers = recordingHandlers();
  const denied = new Set<string>();
  const world: { listed: ReadonlySet<Member> | undefined } = { listed: new Set([PEER]) };
  const policy = pinned(authorities);
  const app = createApp({
    handlers, logger, clock: systemClock, random: systemRandom,
    identity: {
      federationId: FEDERATION, localMember: LOCAL, authorities: () => policy, listedMembers: () => Promise.resolve(world.listed),
      isDenied: ({ serialNumber, fingerprint256, name }: DeniedName) => Promise.resolve([serialNumber, fingerprint256, name].some((part) => denied.has(part))), ...change.identity,
    },
    ...change.app,
  });
  const connections = new Set<object>();
  const counted: ServeOptions['app'] = { serve: (call, environment) => { connections.add((environment as SocketEnvironment).socket); return app.serve(call, environment); } };
  const own = await memberCertificate(authorities.peer, LOCAL);
  const server = await serve({ app: counted, host: '127.0.0.1', port: 0, tls: { cert: own.certificatePem, key: own.privateKeyPem, ca: caPems(authorities) }, logger, ...change.serve });
  return Object.assign(world, { authorities, server, handlers, events, denied, connections, stop: () => server.stop(100) });
}
