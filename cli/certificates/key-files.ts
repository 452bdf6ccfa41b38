import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { CommandError } from '../errors.ts';

/** A certificate with its key, and the name their files get: `NAME.crt`, `NAME.key`. */
export interface NamedPair { readonly name: string; readonly pair: KeyedCertificate }

/** What was written where. */
export interface WrittenPair { readonly certificate: string; readonly key: string; readonly subject: string; readonly validUntil: Date }

const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;
const FOLDER_MODE = 0o700;

/**
 * Writes certificates with their keys, which only their user may read.
 *
 * @throws CommandError where one of the files is there already; then none is written
 */
export function writePairs(folder: string, pairs: readonly NamedPair[]): readonly WrittenPair[] {
  const planned = pairs.map(({ name, pair }) => ({ pair, certificate: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) }));
  const existing = planned.flatMap(({ certificate, key }) => [certificate, key]).find((path) => existsSync(path));
  if (existing !== undefined) throw new CommandError('conflict', `${existing} is there already and is not overwritten: remove it first, or give another --dir`);
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  return planned.map(({ pair, certificate, key }) => {
    // `wx`: whatever came between is not overwritten either.
    writeFileSync(key, pair.privateKeyPem, { flag: 'wx', mode: KEY_MODE });
    writeFileSync(certificate, pair.certificatePem, { flag: 'wx', mode: CERTIFICATE_MODE });
    const { subject, validToDate } = new X509Certificate(pair.certificatePem);
    return { certificate, key, subject: subject.replaceAll('\n', ', '), validUntil: validToDate };
  });
}
