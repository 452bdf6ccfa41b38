/** What a deny list names somebody by, in its one spelling: a name, a SHA-256 fingerprint or a serial number. */
export type DenyEntry = string & { readonly brand: 'DenyEntry' };

/** Everything by which a certificate may be named. `name` is `peer/us-west`, `agent/us-west/node-1`, `operator/admin/alice@example.com`. */
export interface CertificateNames { readonly serialNumber: string; readonly fingerprint256: string; readonly name: string }

const NAME = /^(?:peer|bridge|agent|operator)(?:\/[A-Za-z0-9][A-Za-z0-9._@+-]{0,252}){1,2}$/;
const FINGERPRINT_DIGITS = 64;
/** RFC 5280: at most 20 octets. */
const SERIAL = /^[0-9a-f]{1,40}$/;

/**
 * Reads an entry as people have it: a name, or what `openssl x509 -serial -fingerprint -sha256` prints, colons and the words before
 * `=` included.
 *
 * @throws RangeError saying what is accepted
 */
export function parseDenyEntry(text: string): DenyEntry {
  if (NAME.test(text)) return text as DenyEntry;
  const digits = hexOf(text.slice(text.lastIndexOf('=') + 1).trim());
  if (/^[0-9a-f]+$/.test(digits) && digits.length === FINGERPRINT_DIGITS) return digits as DenyEntry;
  const serial = serialOf(digits);
  if (SERIAL.test(serial)) return serial as DenyEntry;
  throw new RangeError(`${JSON.stringify(text.slice(0, 80))} names no certificate: expected a name such as "peer/us-west" or "operator/admin/alice@example.com", a SHA-256 fingerprint (64 hexadecimal digits) or a serial number (up to 40)`);
}

/** The entries by which a certificate is denied. */
export const denyEntriesOf = ({ serialNumber, fingerprint256, name }: CertificateNames): readonly DenyEntry[] =>
  [name, hexOf(fingerprint256), serialOf(hexOf(serialNumber))] as DenyEntry[];

const hexOf = (text: string): string => text.replaceAll(':', '').toLowerCase();
/** A number: leading zeros say nothing. */
const serialOf = (digits: string): string => digits.replace(/^0+(?=.)/, '');
