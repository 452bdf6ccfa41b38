import type { ClusterId, Hash, LogName, Member, ResourceKey, TableId } from '../model/ids.ts';
import { asClusterId, asHash, asMember, asTableId, isLogName } from '../model/ids.ts';
import { parseResourceKey } from '../model/resource-key.ts';
import type { Origin } from '../model/row.ts';
import { MAX_TOKEN_BYTES } from '../model/token.ts';
import { requireMatch } from './values.ts';
import { shown, WireError } from './wire-error.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const MEMBER = new RegExp(`^(?=.{1,63}$)${LABEL}(\\.${LABEL})*$`);
const MEMBER_FORM = 'a member\'s name: 1 to 63 lower-case letters, digits, "-" and "."';
const FEDERATION_ID = new RegExp(`^(?=.{1,63}$)${LABEL}$`);
const CLUSTER_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const PRINTABLE = /^[\x21-\x7e]{1,128}$/;
const TABLE_ID = /^[\x20-\x7e]{1,256}$/;
const RESOURCE_VERSION = /^[0-9]{1,30}$/;
const HEX = /^([0-9a-f]{2}){1,64}$/;
const SHA256_BYTES = 32;

/** Whether a text may be a member's name; the same form as in the federation object. */
export const isMemberName = (text: string): text is Member => MEMBER.test(text);

/** @throws WireError */
export const requireMember = (field: string, text: string): Member => asMember(requireMatch(field, text, MEMBER, MEMBER_FORM));

/** @throws WireError */
export const requireFederationId = (field: string, text: string): string =>
  requireMatch(field, text, FEDERATION_ID, 'a federation id: 1 to 63 lower-case letters, digits and "-"');

/** @throws WireError */
export const requireClusterId = (field: string, text: string): ClusterId =>
  asClusterId(requireMatch(field, text, CLUSTER_ID, 'a cluster id: 1 to 128 letters, digits, ".", "_", ":" and "-"'));

/** @throws WireError */
export const requireOrigin = (field: string, text: string): Origin => (text === 'operator' ? text : requireClusterId(field, text));

/** @throws WireError */
export const requireTableId = (field: string, text: string): TableId =>
  asTableId(requireMatch(field, text, TABLE_ID, 'a table id: 1 to 256 printable characters'));

/** @throws WireError */
export const requireUid = (field: string, text: string): string => requireMatch(field, text, PRINTABLE, 'a uid: 1 to 128 printable characters');

/** @throws WireError */
export const requireRequestId = (field: string, text: string): string => requireMatch(field, text, PRINTABLE, 'a request id: 1 to 128 printable characters');

/** @throws WireError */
export const requireResourceVersion = (field: string, text: string): string => requireMatch(field, text, RESOURCE_VERSION, 'a resourceVersion: a decimal number');

const TOKEN = /^[\x21-\x7e]+$/;
/**
 * An object's token. It stands in an annotation that anybody may write, so one that cannot be a token is none, and no error:
 * the object would otherwise hold up all others.
 */
export const readToken = (text: string | undefined): string | undefined =>
  text !== undefined && text.length <= MAX_TOKEN_BYTES && TOKEN.test(text) ? text : undefined;

/** Hexadecimal of whole bytes, as roots and hashes are printed. @throws WireError */
export const requireHex = (field: string, text: string): string => requireMatch(field, text, HEX, 'lower-case hexadecimal of 1 to 64 bytes');

/** @throws WireError */
export function requireLogName(field: string, text: string): LogName {
  if (!isLogName(text)) throw new WireError(field, `${shown(text)} is not accepted`, 'a log\'s name: "i" or "l" with 4 to 32 lower-case letters and digits');
  return text;
}

/** @throws WireError */
export function requireKey(field: string, text: string): ResourceKey {
  try {
    return parseResourceKey(text);
  } catch (error) {
    throw new WireError(field, error instanceof Error ? error.message : 'is not a key', '"group/kind/namespace/name"', { cause: error });
  }
}

/** @throws WireError */
export const optionalKey = (field: string, text: string | undefined): ResourceKey | undefined => (text === undefined ? undefined : requireKey(field, text));

/** A SHA-256 as it travels. @throws WireError */
export function requireHash(field: string, bytes: Uint8Array): Hash {
  if (bytes.length !== SHA256_BYTES) throw new WireError(field, `has ${bytes.length.toString()} bytes`, 'a SHA-256 of 32 bytes');
  return asHash(Buffer.from(bytes).toString('hex'));
}

/** A hash on its way out. */
export const hashBytes = (hash: Hash): Uint8Array => Buffer.from(hash, 'hex');
