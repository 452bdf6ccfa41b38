import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { ClusterId, Hash, ResourceKey } from './ids.ts';
import { asHash, isLogName } from './ids.ts';
import type { LogName } from './ids.ts';
import type { VersionVector } from './version-vector.ts';
import { sortedEntries } from './version-vector.ts';

/** What an object in a cluster carries: the context and hash of what it shows, vouched for by its region (DESIGN §11). */
export interface Token { readonly context: VersionVector; readonly hash: Hash }

/** Whom a token is for. One for another federation, cluster or resource is worth nothing. */
export interface TokenScope { readonly federationId: string; readonly clusterId: ClusterId; readonly key: ResourceKey }

/** What a region seals its tokens and sessions with. Prepared once: making a key of bytes takes longer than a seal does. */
export type SealingKey = KeyObject;
export const sealingKey = (bytes: Uint8Array): SealingKey => createSecretKey(bytes);

/** An annotation may be this long at most. */
export const MAX_TOKEN_BYTES = 1024;
/** Changes when canonicalization or the hash changes; older ones are then read as "no token". */
const VERSION = '1';
const MAC_BYTES = 16;

/**
 * The token's text: `1.<context>.<hash>.<mac>`, the context as `log:counter` pairs joined by `,`.
 *
 * @throws RangeError when it would be over MAX_TOKEN_BYTES
 */
export function sealToken(secret: SealingKey, scope: TokenScope, token: Token): string {
  const context = sortedEntries(token.context).map(([log, counter]) => `${log}:${counter.toString(36)}`).join(',');
  const body = `${VERSION}.${context}.${token.hash}`;
  const text = `${body}.${macOf(secret, scope, body)}`;
  if (text.length > MAX_TOKEN_BYTES) throw new RangeError(`token of ${scope.key} would be ${text.length.toString()} bytes, at most ${MAX_TOKEN_BYTES.toString()} fit in an annotation`);
  return text;
}

/** Reads a token; undefined when it is none, is another's, or was tampered with. */
export function openToken(secret: SealingKey, scope: TokenScope, text: string): Token | undefined {
  const [version, context, hash, mac, ...more] = text.split('.');
  if (version !== VERSION || context === undefined || hash === undefined || mac === undefined || more.length > 0) return undefined;
  if (!isSameMac(mac, macOf(secret, scope, `${version}.${context}.${hash}`))) return undefined;
  const vector = parseContext(context);
  return vector === undefined ? undefined : { context: vector, hash: asHash(hash) };
}

function parseContext(text: string): VersionVector | undefined {
  const vector = new Map<LogName, number>();
  for (const pair of text === '' ? [] : text.split(',')) {
    const [log = '', digits = ''] = pair.split(':');
    const counter = Number.parseInt(digits, 36);
    if (!isLogName(log) || !(counter > 0)) return undefined;
    vector.set(log, counter);
  }
  return vector;
}

/** What a bridge got with its last pull and sends with its commits, so that no late retry can bring back what was collected. */
export interface WriteSession {
  readonly clusterId: ClusterId;
  readonly leaseEpoch: number;
  readonly issuedAtMs: number;
  /** What was recorded as shown when it was issued: an edit without a token, sent under an older one, may be from before that. */
  readonly recordRevision: number;
}

/** A session older than this is refused (DESIGN §11). */
export const SESSION_LIFE_MS = 10 * 60 * 1000;

export function sealSession(secret: SealingKey, federationId: string, session: WriteSession): string {
  const body = `s${VERSION}.${session.leaseEpoch.toString(36)}.${session.issuedAtMs.toString(36)}.${session.recordRevision.toString(36)}.${Buffer.from(session.clusterId).toString('base64url')}`;
  return `${body}.${sessionMac(secret, federationId, body)}`;
}

/** Reads a session; undefined when this region did not make it. */
export function openSession(secret: SealingKey, federationId: string, text: string): WriteSession | undefined {
  const [version, epoch, issued, revision, cluster, mac, ...more] = text.split('.');
  if (version !== `s${VERSION}` || epoch === undefined || issued === undefined || revision === undefined || cluster === undefined || mac === undefined || more.length > 0) return undefined;
  if (!isSameMac(mac, sessionMac(secret, federationId, `${version}.${epoch}.${issued}.${revision}.${cluster}`))) return undefined;
  return {
    clusterId: Buffer.from(cluster, 'base64url').toString() as ClusterId,
    leaseEpoch: Number.parseInt(epoch, 36),
    issuedAtMs: Number.parseInt(issued, 36),
    recordRevision: Number.parseInt(revision, 36),
  };
}

const sessionMac = (secret: SealingKey, federationId: string, body: string): string => mac(secret, ['session', federationId, body]);
const macOf = (secret: SealingKey, scope: TokenScope, body: string): string => mac(secret, ['token', scope.federationId, scope.clusterId, scope.key, body]);

/** NUL cannot occur in any of the parts, so no two lists of parts are alike. */
const mac = (secret: SealingKey, parts: readonly string[]): string =>
  createHmac('sha256', secret).update(parts.join('\0')).digest().subarray(0, MAC_BYTES).toString('base64url');

/** Compares texts and not what they decode to: base64 has several texts for the same bytes. */
function isSameMac(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
