import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { findUpwards, LOCAL_FOLDER } from '../config/find-config.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { LocalControl, LocalLink, LocalMember, LocalStatus } from '../local-control.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { showPath } from '../output/show-path.ts';
import { plainColumns, table } from '../output/table.ts';

interface DataOption { readonly data?: string }

/** `local status`, `… stop`, `… start`, `… cut`, `… heal`: the federation that `npm start` runs. */
export function addLocal(program: Command, host: Host): void {
  const local = program.command('local')
    .description('The local federation that npm start runs: stop members, cut them off from each other')
    .option('--data <dir>', `its data folder (default: the nearest ${LOCAL_FOLDER})`);
  addStatus(local, host);
  addMemberCommand(local, host, 'stop', 'Stops a member, as if its machine were gone', (control, name) => control.stopMember(name));
  addMemberCommand(local, host, 'start', 'Starts a stopped member again', (control, name) => control.startMember(name));
  addCut(local, host);
  addHeal(local, host);
}

/** Whoever steers the federation whose folder was given, or is nearest. */
const controlOf = (host: Host, command: Command): LocalControl => host.localControl(dataFolder(host, command.optsWithGlobals<DataOption>().data));

function dataFolder(host: Host, asked: string | undefined): string {
  if (asked !== undefined) return resolve(host.workingFolder, asked);
  const found = findUpwards(join(LOCAL_FOLDER, 'supervisor.json'), host.workingFolder);
  return found === undefined ? join(host.workingFolder, LOCAL_FOLDER) : dirname(found);
}

function addStatus(local: Command, host: Host): void {
  local.command('status').description('Its members, and which of them are cut off from each other')
    .action(async (_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const status = await controlOf(host, command).localStatus();
      print(host.out, options.output, { json: { ...status, members: status.members.map(memberJson), links: status.links.map((link) => ({ ...link })) }, text: () => statusText(status, host.workingFolder) });
    });
}

const memberJson = (member: LocalMember) => ({ ...member, problems: [...member.problems] });

const statusText = ({ federationId, members, links }: LocalStatus, workingFolder: string): string => [
  `Federation: ${federationId}\n\nMembers:\n`,
  table(plainColumns('NAME', 'STATE', 'ENDPOINT', 'PID', 'FOLDER'), members.map(({ name, state, endpoint, pid, folder }) => [name, state, endpoint, pid?.toString() ?? '-', showPath(folder, workingFolder)]), '  '),
  ...members.flatMap(({ name, error }) => (error === null ? [] : [`\n${name}: ${error}. Start it again with: novactl local start ${name}\n`])),
  ...(members.every(({ problems }) => problems.length === 0) ? [] : ['\nProblems in folders:\n', ...members.flatMap(({ name, problems }) => problems.map((problem) => `  ${name}: ${problem}\n`))]),
  `\nCut links:\n${linksText(links)}`,
].join('');

const linksText = (links: readonly LocalLink[]): string => (links.length === 0 ? '  none\n' : table(plainColumns('BETWEEN', 'AND', 'WHAT'), links.map(({ a, b, rpcOnly }) => [a, b, rpcOnly ? 'calls' : 'calls and ledger']), '  '));

function addMemberCommand(local: Command, host: Host, name: 'stop' | 'start', description: string, act: (control: LocalControl, member: string) => Promise<LocalMember>): void {
  local.command(name).description(description).argument('<member>', 'its name')
    .action(async (asked: string, _options: unknown, command: Command) => {
      const options = globalsOf(command);
      const member = await act(controlOf(host, command), asked);
      print(host.out, options.output, { json: memberJson(member), text: () => `${member.name} ${member.state}\n` });
    });
}

function addCut(local: Command, host: Host): void {
  local.command('cut').description('Cuts two members off from each other, in both directions')
    .argument('<member>', 'one').argument('<other>', 'the other')
    .option('--rpc-only', 'calls alone: what travels by the ledger still arrives')
    .action(async (a: string, b: string, { rpcOnly = false }: { readonly rpcOnly?: boolean }, command: Command) => {
      if (a === b) throw new CommandError('invalid', 'a member cannot be cut off from itself; name two');
      tellLinks(host, command, await controlOf(host, command).cut(a, b, { rpcOnly }));
    });
}

function addHeal(local: Command, host: Host): void {
  local.command('heal').description('Lets members reach each other again: two of them, or all')
    .argument('[member]', 'one').argument('[other]', 'the other')
    .action(async (a: string | undefined, b: string | undefined, _options: unknown, command: Command) => {
      if (a !== undefined && b === undefined) throw new CommandError('invalid', 'name two members, or none to heal everything');
      const control = controlOf(host, command);
      const cut = a === undefined || b === undefined ? (await control.localStatus()).links : [{ a, b }];
      let links: readonly LocalLink[] = [];
      for (const link of cut) links = await control.heal(link.a, link.b);
      tellLinks(host, command, links);
    });
}

function tellLinks(host: Host, command: Command, links: readonly LocalLink[]): void {
  print(host.out, globalsOf(command).output, { json: links.map((link) => ({ ...link })), text: () => `Cut links:\n${linksText(links)}` });
}
