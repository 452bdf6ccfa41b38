import { ReplicaError } from '../../shared/ports/errors.ts';
import { CallError } from '../../shared/wire/call-error.ts';
import type { Context } from '../config/config.ts';
import { CommandError, MAX_CAUSES } from '../errors.ts';

/** What a network or TLS error means to the person in front of it. */
type Explain = (context: Context, error: Error) => CommandError;

const unavailable = (text: (context: Context) => string): Explain => (context, cause) => new CommandError('unavailable', text(context), { cause });
const refused = (text: (context: Context, error: Error) => string): Explain => (context, cause) => new CommandError('refused', text(context, cause), { cause });

const untrusted = refused(({ server, ca, name }) => `the certificate of ${server} was not issued by the authority in ${ca}; is it the ca of another federation? (context ${name})`);
const serverExpired = refused(({ server }, { message }) => `the certificate of ${server} is not valid now (${message}); its member needs a new one`);
const clientRefused = refused(({ server, cert }, { message }) => `${server} refused the certificate ${cert} (${message}); it must be an operator's, issued by the authority that the region trusts`);

const BY_CODE: Readonly<Record<string, Explain>> = {
  ECONNREFUSED: unavailable(({ server, name }) => `nothing listens at ${server} (context ${name}): the connection was refused. Start the region (npm start for a local federation, novactl local start MEMBER for a stopped member), or correct the context's server`),
  ENOTFOUND: unavailable(({ server, name }) => `no such host: ${server} (context ${name}). Correct the context's server`),
  EAI_AGAIN: unavailable(({ server, name }) => `the name of ${server} (context ${name}) cannot be looked up now: is the network there?`),
  ETIMEDOUT: unavailable(({ server, name }) => `no answer from ${server} (context ${name}): is it reachable from here?`),
  EHOSTUNREACH: unavailable(({ server, name }) => `there is no way to ${server} (context ${name}) from here`),
  ENETUNREACH: unavailable(({ server, name }) => `there is no way to ${server} (context ${name}) from here`),
  ECONNRESET: unavailable(({ server, name }) => `${server} (context ${name}) hung up. If it does so every time, something else than a region listens there, or it refuses the certificate`),
  EPIPE: unavailable(({ server, name }) => `${server} (context ${name}) hung up`),
  EPROTO: unavailable(({ server, name }) => `what listens at ${server} (context ${name}) does not speak TLS; correct the context's server`),
  ERR_SSL_WRONG_VERSION_NUMBER: unavailable(({ server, name }) => `what listens at ${server} (context ${name}) does not speak TLS; correct the context's server`),
  ERR_TLS_CERT_ALTNAME_INVALID: refused(({ server, name }, { message }) => `the certificate of ${server} is for another name (${message}); set serverName in the context ${name} to one of those`),
  CERT_HAS_EXPIRED: serverExpired,
  CERT_NOT_YET_VALID: serverExpired,
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_SIGNATURE_FAILURE: untrusted,
};

/** Alerts by which a server ends a handshake over the client's certificate; OpenSSL's codes all begin so. */
const ALERT = /^ERR_SSL_.*ALERT.*(?:CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/;

/**
 * The error in a person's words, where it is one of the network's or of TLS; else the error itself.
 *
 * @param timeout how long an answer was waited for, as it was given
 */
export function explainConnection(error: unknown, context: Context, timeout: string): unknown {
  let at: unknown = error;
  for (let depth = 0; at instanceof Error && depth < MAX_CAUSES; at = causeOf(at), depth += 1) {
    if (at instanceof CallError && at.code === 'deadline_exceeded') return new CommandError('unavailable', `${context.server} (context ${context.name}) has not answered within ${timeout}; a longer --timeout waits longer`, { cause: error });
    const code = 'code' in at && typeof at.code === 'string' ? at.code : '';
    const explain = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : ALERT.test(code) ? clientRefused : undefined;
    if (explain !== undefined) return explain(context, at);
  }
  if (error instanceof ReplicaError) return new ReplicaError(error.code, namedByContext(error.message, context), { cause: error });
  return error;
}

/** A region's own words, under the name that people know the region by. */
const namedByContext = (message: string, { name, server }: Context): string => (message.startsWith(`${server}: `) ? `${name}: ${message.slice(server.length + 2)}` : message);

/** Several addresses of a host fail together; the first one's reason stands for all. */
const causeOf = (error: Error): unknown => (error instanceof AggregateError ? error.errors[0] : error.cause);
