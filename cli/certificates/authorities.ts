import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { createAuthority } from '../../shared/adapters/certificates/index.ts';
import { requireFederationId } from '../../shared/wire/names.ts';
import { WireError } from '../../shared/wire/wire-error.ts';
import { CommandError, isSystemError } from '../errors.ts';
import type { WrittenPair } from './key-files.ts';
import { writePairs } from './key-files.ts';

/** The authorities in a folder: one for agents alone, because their keys lie on every node. */
export interface Authorities { readonly federationId: string; readonly federation: KeyedCertificate; readonly agents: KeyedCertificate }

const FEDERATION_AUTHORITY = 'federation-ca';
const AGENT_AUTHORITY = 'agent-ca';
/** Which federation the authorities are for; every certificate they issue names it. */
const FEDERATION_FILE = 'federation.yaml';
const federationSchema = z.object({ federationID: z.string().min(1) });
/** RFC 5280 allows 64 characters of a name; a federation's ID has up to 63. */
const NAME_CHARACTERS = 64;

/** Makes both authorities in a folder. @throws CommandError for an ID that is none, and where there are some already */
export async function createAuthorities(folder: string, federationId: string, nowMs: number): Promise<readonly WrittenPair[]> {
  requireId(federationId);
  const about = join(folder, FEDERATION_FILE);
  if (existsSync(about)) throw new CommandError('conflict', `${about} is there already: this folder has authorities, which are not overwritten. Give another --dir`);
  const authority = (suffix: string): Promise<KeyedCertificate> => createAuthority(`${federationId} ${suffix}`.slice(0, NAME_CHARACTERS), { nowMs });
  const pairs = [{ name: FEDERATION_AUTHORITY, pair: await authority('federation') }, { name: AGENT_AUTHORITY, pair: await authority('agents') }];
  const written = writePairs(folder, pairs);
  mkdirSync(folder, { recursive: true });
  writeFileSync(about, `federationID: ${federationId}\n`, { flag: 'wx' });
  return written;
}

function requireId(federationId: string): void {
  try {
    requireFederationId('--federation', federationId);
  } catch (cause) {
    if (cause instanceof WireError) throw new CommandError('invalid', cause.message, { cause });
    throw cause;
  }
}

/** Reads the authorities that `certs init` made. @throws CommandError naming what is missing */
export function openAuthorities(folder: string): Authorities {
  const parsed = federationSchema.safeParse(parse(read(folder, FEDERATION_FILE)));
  if (!parsed.success) throw new CommandError('invalid', `${join(folder, FEDERATION_FILE)} does not say federationID`);
  const pair = (name: string): KeyedCertificate => ({ certificatePem: read(folder, `${name}.crt`), privateKeyPem: read(folder, `${name}.key`) });
  return { federationId: parsed.data.federationID, federation: pair(FEDERATION_AUTHORITY), agents: pair(AGENT_AUTHORITY) };
}

function read(folder: string, name: string): string {
  try {
    return readFileSync(join(folder, name), 'utf8');
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw new CommandError('invalid', `${join(folder, name)} cannot be read (${cause.code}): make the authorities first with novactl certs init --federation ID, or give their --dir`, { cause });
  }
}
