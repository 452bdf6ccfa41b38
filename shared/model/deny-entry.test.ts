import { describe, expect, test } from 'vitest';
import { denyEntriesOf, parseDenyEntry } from './deny-entry.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, at) => (at + 160).toString(16).toUpperCase()).join(':');
const certificate = { serialNumber: '0A1B2C', fingerprint256: FINGERPRINT, name: 'operator/admin/alice@example.com' };

describe('an entry of a deny list', () => {
  test.each([
    ['a name', 'operator/admin/alice@example.com'],
    ['a serial number', '0A1B2C'], ['a serial number as openssl prints it', 'serial=0A1B2C'], ['a serial number with colons and zeros', '00:0a:1b:2c'],
    ['a fingerprint', FINGERPRINT], ['a fingerprint as openssl prints it', `sha256 Fingerprint=${FINGERPRINT}`], ['a fingerprint without colons', FINGERPRINT.replaceAll(':', '').toLowerCase()],
  ])('%s names the certificate', (_what, text) => {
    expect(denyEntriesOf(certificate)).toContain(parseDenyEntry(text));
  });

  test.each(['peer/us-west', 'bridge/us-west', 'agent/us-west', 'agent/us-west/node-1.example.com'])('%s is a name', (text) => {
    expect(parseDenyEntry(text)).toBe(text);
  });

  test.each(['', '/', 'us-west', 'king/us-west', 'peer/', 'peer/a/b/c', 'peer/../x', 'serial=', 'xyz', 'a'.repeat(41), 'a'.repeat(65), 'peer/us west'])('%j is refused, naming what is accepted', (text) => {
    expect(() => parseDenyEntry(text)).toThrow(/expected a name such as "peer\/us-west"/);
  });
});
