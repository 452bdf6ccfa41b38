/** Names that are plain strings on the wire but must not be swapped for one another in code. */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A participant of a federation, as `localMember.name` / `members[].name` in the CRD. */
export type Member = Branded<'Member'>;
/** One unbroken life of a member's state. Random, never used twice; what dots carry. */
export type Incarnation = Branded<'Incarnation'>;
/** The region's own log of off-log changes (DESIGN §3): seen by local followers only. */
export type LocalLog = Branded<'LocalLog'>;
/** Any log a follower can be at a position of. */
export type LogName = Incarnation | LocalLog;
/** The identity of one cluster: the UID of `kube-system`, or the id in a directory's hidden file. */
export type ClusterId = Branded<'ClusterId'>;
/** SHA-256 of canonical content bytes, lower-case hexadecimal, 64 characters. */
export type Hash = Branded<'Hash'>;
/** `group/kind/namespace/name`; group and namespace may be empty. */
export type ResourceKey = Branded<'ResourceKey'>;
/** Which physical table a region's rows are in; a restore is always another table. */
export type TableId = Branded<'TableId'>;

export const asMember = (name: string): Member => name as Member;
export const asIncarnation = (name: string): Incarnation => name as Incarnation;
export const asLocalLog = (name: string): LocalLog => name as LocalLog;
export const asClusterId = (id: string): ClusterId => id as ClusterId;
export const asHash = (hex: string): Hash => hex as Hash;
export const asTableId = (id: string): TableId => id as TableId;

/** Characters of a random name: 10 of base 32 are 50 bits, so names need no shortening in a row or a token. */
export const NAME_LENGTH = 10;
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';

/** A random name from `NAME_LENGTH` random bytes. */
export function nameFromBytes(bytes: Uint8Array): string {
  let name = '';
  for (let at = 0; at < NAME_LENGTH; at += 1) name += ALPHABET.charAt((bytes[at] ?? 0) & 31);
  return name;
}

/** A new incarnation's name. The first character tells a reader of a dump what it is. */
export const newIncarnation = (bytes: Uint8Array): Incarnation => asIncarnation(`i${nameFromBytes(bytes)}`);
/** A new name for the region's own log. */
export const newLocalLog = (bytes: Uint8Array): LocalLog => asLocalLog(`l${nameFromBytes(bytes)}`);
/** Whether a log name is a region's own log. */
export const isLocalLog = (log: LogName): log is LocalLog => log.startsWith('l');

const LOG_NAME = /^[il][a-z2-9]{4,32}$/;
/** Whether a string from elsewhere may stand as a log's name. */
export const isLogName = (text: string): text is LogName => LOG_NAME.test(text);
