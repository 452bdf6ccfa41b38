import { resolve } from 'node:path';
import { Option } from 'commander';
import type { Command } from 'commander';
import { parseDurationMs } from '../../shared/model/duration.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { OperatorLevel } from '../../shared/wire/identity-name.ts';
import { isMemberName } from '../../shared/wire/names.ts';
import type { Holder } from '../certificates/issue.ts';
import type { WrittenPair } from '../certificates/key-files.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { showPath } from '../output/show-path.ts';
import { plainColumns, table } from '../output/table.ts';

interface FolderOption { readonly dir: string }
interface LifeOption extends FolderOption { readonly life?: string }

const DEFAULT_FOLDER = 'certs';
/** Shorter ones are over before they are used. */
const MIN_LIFE_MS = 60_000;

/** `certs init`, `certs issue …`: authorities and certificates in a folder, for trying things out. */
export function addCerts(program: Command, host: Host): void {
  const certs = program.command('certs').description('Authorities and certificates in a folder, for trying things out');
  addInit(certs, host);
  const issue = certs.command('issue').description('Issues a certificate by the authorities that certs init made');
  addIssueMember(issue, host);
  addIssueBridge(issue, host);
  addIssueAgent(issue, host);
  addIssueOperator(issue, host);
}

const withFolder = (command: Command): Command => command.option('-d, --dir <dir>', 'the folder', DEFAULT_FOLDER);
const withLife = (command: Command, usual: string): Command => withFolder(command).option('--life <duration>', `how long it is valid (default: ${usual})`);

function addInit(certs: Command, host: Host): void {
  withFolder(certs.command('init'))
    .description('Makes the authority of a federation, and one for its agents alone')
    .requiredOption('--federation <id>', 'the federation\'s ID, which every certificate names')
    .action(async ({ dir, federation }: FolderOption & { readonly federation: string }, command: Command) => {
      // Loaded here alone: making keys takes libraries that every other command starts faster without.
      const { createAuthorities } = await import('../certificates/authorities.ts');
      tell(host, command, await createAuthorities(resolve(host.workingFolder, dir), federation, host.nowMs()));
    });
}

async function issue(host: Host, command: Command, { dir, life }: LifeOption, holder: Holder): Promise<void> {
  const lifeMs = life === undefined ? undefined : parseDurationMs('--life', life, { minMs: MIN_LIFE_MS });
  const { issueInto } = await import('../certificates/issue.ts');
  tell(host, command, await issueInto(resolve(host.workingFolder, dir), holder, { nowMs: host.nowMs(), lifeMs }));
}

function addIssueMember(parent: Command, host: Host): void {
  withLife(parent.command('member'), '1 year').description('For a member: it serves the member\'s endpoint and calls its peers')
    .argument('<name>', 'the member\'s name')
    .option('--host <host>', 'a name or address of its endpoint (repeatable)', (value: string, previous: readonly string[] | undefined) => [...(previous ?? []), value])
    .action((name: string, given: LifeOption & { readonly host?: readonly string[] }, command: Command) =>
      issue(host, command, given, { role: 'member', member: requireMember(name), hosts: given.host ?? [] }));
}

function addIssueBridge(parent: Command, host: Host): void {
  withLife(parent.command('bridge'), '1 year').description('For the bridge in a member\'s cluster')
    .argument('<member>', 'the member\'s name')
    .action((member: string, given: LifeOption, command: Command) => issue(host, command, given, { role: 'bridge', member: requireMember(member) }));
}

function addIssueAgent(parent: Command, host: Host): void {
  withLife(parent.command('agent'), '1 year').description('For the agents of a member, or the one on a node; by the agents\' authority')
    .argument('<member>', 'the member\'s name')
    .option('--node <node>', 'the node it is for (default: all of the member)')
    .action((member: string, given: LifeOption & { readonly node?: string }, command: Command) =>
      issue(host, command, given, { role: 'agent', member: requireMember(member), node: given.node }));
}

function addIssueOperator(parent: Command, host: Host): void {
  withLife(parent.command('operator'), '12 hours').description('For a person or a script that calls novactl')
    .argument('<name>', 'who it is; may be an e-mail address')
    .addOption(new Option('--level <level>', 'viewer looks, admin changes things as well').choices(['viewer', 'admin']).default('viewer'))
    .action((name: string, given: LifeOption & { readonly level: OperatorLevel }, command: Command) =>
      issue(host, command, given, { role: 'operator', name, level: given.level }));
}

function requireMember(name: string): Member {
  if (!isMemberName(name)) throw new CommandError('invalid', `${JSON.stringify(name)} is not a member's name: 1 to 63 lower-case letters, digits, "-" and "."`);
  return name;
}

function tell(host: Host, command: Command, written: readonly WrittenPair[]): void {
  print(host.out, globalsOf(command).output, {
    json: written.map(({ certificate, key, subject, validUntil }) => ({ certificate, key, subject, validUntil: validUntil.toISOString() })),
    text: () => table(plainColumns('CERTIFICATE', 'KEY', 'FOR', 'VALID UNTIL'), written.map(({ certificate, key, subject, validUntil }) => [showPath(certificate, host.workingFolder), showPath(key, host.workingFolder), subject, validUntil.toISOString()])),
  });
}
