import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { EmulatedRegion } from './emulated-region.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..', '..', '..');
const SYNTH_TIMEOUT_MS = 180_000;

export const FEDERATION = 'deployed';
/** The emulator's own. */
export const ACCOUNT = '000000000000';
export const MEMBERS = [{ name: 'us-west', region: 'us-west-2' }, { name: 'eu-west', region: 'eu-west-1' }, { name: 'ap-east', region: 'ap-east-1' }] as const;
export type MemberName = (typeof MEMBERS)[number]['name'];

export interface ConfiguredMember { readonly name: MemberName; readonly region: string; readonly restoredTable?: string }

export const domainOf = (member: string): string => `controller.${member}.example.com`;

/** Where the copy of the assembly stands that is deployed to a region. */
export const assemblyOf = (work: string, { region }: Pick<EmulatedRegion, 'region'>): string => join(work, `assembly-${region}`);

/** Writes a configuration of these members, and has `cdk synth` write their templates. The federation's CA is in `truststore.pem` in `work`. @returns where the assembly is */
export async function synthesize(work: string, members: readonly ConfiguredMember[]): Promise<string> {
  writeFileSync(join(work, 'federation.aws.yaml'), stringify({
    federationID: FEDERATION, account: ACCOUNT, ledgerRegion: MEMBERS[0].region, logLevel: 'debug',
    members: members.map(({ name, region, restoredTable }) => ({ name, awsRegion: region, ...(restoredTable !== undefined && { restoredTable }), domain: domainOf(name), certificateArn: `arn:aws:acm:${region}:${ACCOUNT}:certificate/11111111-1111-1111-1111-111111111111`, truststore: 'truststore.pem' })),
  }));
  const assembly = join(work, 'cdk.out');
  const bin = join(ROOT, 'node_modules', '.bin');
  await run(join(bin, 'cdk'), ['synth', '--quiet', '-c', `config=${join(work, 'federation.aws.yaml')}`, '-o', assembly], { cwd: ROOT, timeout: SYNTH_TIMEOUT_MS, env: { ...process.env, PATH: `${join(ROOT, 'node_modules', 'node', 'bin')}:${bin}:${process.env['PATH'] ?? ''}`, CDK_DISABLE_CLI_TELEMETRY: '1' } });
  return assembly;
}
