import type { Interceptor } from '@connectrpc/connect';
import { Code, ConnectError } from '@connectrpc/connect';

/**
 * OpenSSL's and Node's names for a handshake that one side ended over a certificate. Many servers just hang up: with TLS 1.3 a client
 * learns no more than that.
 */
const HANDSHAKE = /^ERR_SSL_|^ERR_TLS_|CERT|UNABLE_TO_VERIFY|SELF_SIGNED|^ECONNRESET$|^EPIPE$/;

/** Tells of calls that failed over a certificate, ours or theirs, or may have: the one in use may have been replaced meanwhile. */
export const tellRefusals = (onRefused: () => void): Interceptor => (next) => async (request) => {
  try {
    return await next(request);
  } catch (error) {
    if (isRefusal(error)) onRefused();
    throw error;
  }
};

function isRefusal(error: unknown): boolean {
  if (!(error instanceof ConnectError)) return false;
  const { cause } = error;
  return error.code === Code.Unauthenticated || (cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && HANDSHAKE.test(cause.code));
}
