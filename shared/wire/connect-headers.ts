/*
 * What unary calls of the Connect protocol say in HTTP headers (https://connectrpc.com/docs/protocol#unary-request), for both sides.
 */
export const TIMEOUT_HEADER = 'connect-timeout-ms';
export const VERSION_HEADER = 'connect-protocol-version';
export const VERSION = '1';
export const PROTO_TYPE = 'application/proto';
export const JSON_TYPE = 'application/json';

const IS_PROTO = /^application\/proto$/i;
const IS_JSON = /^application\/json(?:; ?charset=utf-?8)?$/i;

/** What a message is written in; undefined for what no unary call is. */
export function codingOf(contentType: string | undefined): 'proto' | 'json' | undefined {
  if (contentType === undefined) return undefined;
  if (IS_PROTO.test(contentType)) return 'proto';
  return IS_JSON.test(contentType) ? 'json' : undefined;
}
