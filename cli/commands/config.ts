import type { Command } from 'commander';
import { configPath, loadConfig, readConfigText } from '../config/find-config.ts';
import { contextOf, parseConfig } from '../config/config.ts';
import type { Config, Context } from '../config/config.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printable } from '../output/printable.ts';
import { showPath } from '../output/show-path.ts';
import { plainColumns, table } from '../output/table.ts';
import { replaceFile } from '../write-file.ts';
import { editDocument } from '../yaml-edit/edit-document.ts';

/** `config get-contexts`, `… use-context`, `… current-context`, `… view` */
export function addConfig(program: Command, host: Host): void {
  const config = program.command('config').description('Which regions novactl talks to, and as whom');
  addGetContexts(config, host);
  addUseContext(config, host);
  addCurrentContext(config, host);
  addView(config, host);
}

function addGetContexts(config: Command, host: Host): void {
  config.command('get-contexts')
    .description('The contexts there are')
    .action((_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const read = loadConfig(options.config, host);
      print(host.out, options.output, { json: read.contexts.map((context) => contextJson(context, read)), text: (detail) => contextsText(read, detail === 'wide') });
    });
}

function contextsText({ contexts, currentContext }: Config, wide: boolean): string {
  return table(plainColumns('CURRENT', 'NAME', 'SERVER', 'MEMBER', ...(wide ? ['FOLDER', 'CERTIFICATE'] : [])), contexts.map(({ name, server, member, folder, cert }) =>
    [name === currentContext ? '*' : '', name, server, member ?? '-', ...(wide ? [folder ?? '-', cert] : [])]));
}

const contextJson = ({ name, server, ca, cert, key, serverName, member, folder }: Context, { currentContext }: Config) =>
  ({ name, current: name === currentContext, server, ca, cert, key, serverName: serverName ?? null, member: member ?? null, folder: folder ?? null });

function addUseContext(config: Command, host: Host): void {
  config.command('use-context')
    .description('Chooses the context of commands without --context')
    .argument('<context>', 'its name')
    .action((name: string, _options: unknown, command: Command) => {
      const options = globalsOf(command);
      const path = configPath(options.config, host);
      const text = readConfigText(path);
      const chosen = contextOf(parseConfig(text, path, host.homeFolder), name);
      replaceFile(path, text, editDocument(text, 0, [{ path: ['current-context'], value: chosen.name }]).text);
      print(host.out, options.output, { json: { currentContext: chosen.name, file: path }, text: () => `Now using ${chosen.name} (${showPath(path, host.workingFolder)}).\n` });
    });
}

function addCurrentContext(config: Command, host: Host): void {
  config.command('current-context')
    .description('The context of commands without --context')
    .action((_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const { name } = contextOf(loadConfig(options.config, host), options.context);
      print(host.out, options.output, { json: { currentContext: name }, text: () => `${name}\n` });
    });
}

function addView(config: Command, host: Host): void {
  config.command('view')
    .description('The configuration, with its paths written out')
    .action((_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const read = loadConfig(options.config, host);
      const contexts = read.contexts.map(({ name, server, ca, cert, key, serverName, member, folder }) =>
        ({ name, server, ca, cert, key, ...(serverName !== undefined && { serverName }), ...(member !== undefined && { member }), ...(folder !== undefined && { folder }) }));
      const format = options.output === 'json' ? 'json' : 'yaml';
      if (format === 'yaml') host.out.write(printable(`# ${showPath(read.path, host.workingFolder)}\n`));
      print(host.out, format, { json: { 'current-context': read.currentContext ?? null, contexts }, text: () => '' });
    });
}
