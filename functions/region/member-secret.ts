import type { ClientTls } from '../../shared/adapters/connect/index.ts';
import type { Clock } from '../../shared/ports/clock.ts';
import type { Logger } from '../../shared/ports/logger.ts';
import type { Authorities } from '../../shared/rpc/authorities.ts';
import { readAuthorities } from '../../shared/rpc/authorities.ts';
import { ROLES } from '../../shared/rpc/caller.ts';
import type { Role } from '../../shared/rpc/caller.ts';

/** A rotated certificate is in use after at most this long, without a deploy. */
const LIFE_MS = 5 * 60_000;
/** After a refusal the secret is read again at once, but not for every call that is refused. */
const REREAD_MS = 10_000;
/** `serverAuthorities` for servers whose certificate a public authority vouches for (ACM's own). */
const SYSTEM = 'system';

/** A member's certificate and key, and whom it trusts, as they are read from the secret. */
export interface Credentials { readonly tls: ClientTls; readonly authorities: Authorities }

/** The secret is not what is expected. Names the field, never what is in it. */
export class SecretFormatError extends Error { override readonly name = 'SecretFormatError' }

/**
 * The member's secret, kept for five minutes and read again at once after a certificate was refused. While it cannot be read, the
 * last good one is used.
 */
export class MemberSecret {
  readonly #read: (signal: AbortSignal) => Promise<string>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #current: { readonly text: string; readonly credentials: Credentials } | undefined;
  #dueAtMs = 0;
  #readAtMs = -Infinity;

  constructor(read: (signal: AbortSignal) => Promise<string>, clock: Clock, logger: Logger) {
    this.#read = read;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Reads it where that is due. To be awaited before `current`. @throws SecretFormatError, or what reading threw, while there is none */
  async refresh(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.nowMs();
    if (this.#current !== undefined && nowMs < this.#dueAtMs) return;
    try {
      const text = await this.#read(signal);
      if (text !== this.#current?.text) this.#current = { text, credentials: parseSecret(text) };
      this.#readAtMs = nowMs;
      this.#dueAtMs = nowMs + LIFE_MS;
    } catch (error) {
      if (this.#current === undefined) throw error;
      this.#dueAtMs = nowMs + REREAD_MS;
      this.#logger.error('secret-not-read', { reason: error instanceof Error ? error.message : String(error) });
    }
  }

  get current(): Credentials {
    if (this.#current === undefined) throw new TypeError('the member\'s secret was used before it was read');
    return this.#current.credentials;
  }

  /** A certificate was refused: the next `refresh` reads the secret again. */
  refused(): void {
    this.#dueAtMs = Math.min(this.#dueAtMs, this.#readAtMs + REREAD_MS);
  }
}

const EXPECTED = 'expected JSON {"certificate": PEM, "privateKey": PEM, "authorities": PEM or {"peer", "bridge", "agent", "operator": PEM}}';

/**
 * Reads the secret's text. `authorities` may be one for all roles; `serverAuthorities` are those that may vouch for peers' servers: those
 * of peers unless given, or "system".
 *
 * @throws SecretFormatError
 */
export function parseSecret(text: string): Credentials {
  const fields = objectOf(text);
  const authorities = authoritiesOf(fields['authorities']);
  const servers = fields['serverAuthorities'] === undefined ? authorities.peer : pemOf(fields['serverAuthorities'], 'serverAuthorities');
  return {
    tls: { cert: pemOf(fields['certificate'], 'certificate'), key: pemOf(fields['privateKey'], 'privateKey'), ca: servers === SYSTEM ? undefined : servers },
    authorities: readAuthoritiesOf(authorities),
  };
}

function objectOf(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What it is must not get into a message.
  }
  if (typeof value !== 'object' || value === null) throw new SecretFormatError(`the member's secret is not JSON: ${EXPECTED}`);
  return value as Readonly<Record<string, unknown>>;
}

function authoritiesOf(value: unknown): Readonly<Record<Role, string>> {
  const of = (role: Role): unknown => (typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[role] : value);
  return Object.fromEntries(ROLES.map((role) => [role, pemOf(of(role), `authorities.${role}`)])) as Record<Role, string>;
}

function pemOf(value: unknown, field: string): string {
  if (typeof value === 'string' && (value.includes('-----BEGIN ') || (field === 'serverAuthorities' && value === SYSTEM))) return value;
  throw new SecretFormatError(`${field} of the member's secret is not PEM text: ${EXPECTED}`);
}

function readAuthoritiesOf(pem: Readonly<Record<Role, string>>): Authorities {
  try {
    return readAuthorities(pem);
  } catch (error) {
    throw new SecretFormatError(`the member's secret: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
