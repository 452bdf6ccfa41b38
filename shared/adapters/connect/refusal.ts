import { CallError } from '../../wire/call-error.ts';

/**
 * OpenSSL's and Node's names for a handshake that one side ended over a certificate. Many servers just hang up: with TLS 1.3 a client
 * learns no more than that.
 */
const HANDSHAKE = /^ERR_SSL_|^ERR_TLS_|CERT|UNABLE_TO_VERIFY|SELF_SIGNED|^ECONNRESET$|^EPIPE$/;

/** Whether a call failed over a certificate, ours or theirs, or may have: the one in use may have been replaced meanwhile. */
export function isRefusal(error: unknown): boolean {
  if (!(error instanceof CallError)) return false;
  const { cause } = error;
  return error.code === 'unauthenticated' || (cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && HANDSHAKE.test(cause.code));
}
