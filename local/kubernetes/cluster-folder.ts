import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority } from '../../shared/adapters/certificates/index.ts';
import { issueServingCertificate } from './cluster-certificates.ts';

const PRIVATE = 0o600;
const PRIVATE_FOLDER = 0o700;
const HOSTS = ['127.0.0.1', 'localhost', 'kubernetes.default.svc'];

/** The files of one cluster; made once, so that a cluster that is started again has the same identity and lets in the same clients. */
export class ClusterFolder {
  readonly path: string;
  readonly authority: KeyedCertificate;

  private constructor(path: string, authority: KeyedCertificate) {
    this.path = path;
    this.authority = authority;
  }

  static async open(path: string, nowMs: number): Promise<ClusterFolder> {
    mkdirSync(path, { recursive: true, mode: PRIVATE_FOLDER });
    const at = (name: string): string => join(path, name);
    if (!existsSync(at('complete'))) {
      const authority = await createAuthority('kubernetes', { nowMs });
      writeKeyed(at('ca'), authority);
      writeKeyed(at('apiserver'), await issueServingCertificate(authority, HOSTS, nowMs));
      writeKeyed(at('service-accounts'), authority); // Any key does; this one is there.
      writeFileSync(at('complete'), '');
    }
    return new ClusterFolder(path, { certificatePem: readFileSync(at('ca.crt'), 'utf8'), privateKeyPem: readFileSync(at('ca.key'), 'utf8') });
  }

  file(name: string): string { return join(this.path, name); }
}

function writeKeyed(path: string, { certificatePem, privateKeyPem }: KeyedCertificate): void {
  writeFileSync(`${path}.key`, privateKeyPem, { mode: PRIVATE });
  writeFileSync(`${path}.crt`, certificatePem);
}
