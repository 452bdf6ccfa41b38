import type { Command, Option } from 'commander';
import { loadConfig } from '../config/find-config.ts';
import type { Host } from '../host.ts';
import { KNOWN_KINDS } from '../resources/kinds.ts';

/**
 * What may come next, for a shell's completion.
 *
 * @param program all commands
 * @param words those typed after `novactl`; the last one is being typed and may be empty
 */
export function candidates(program: Command, words: readonly string[], host: Host): readonly string[] {
  const typed = words.at(-1) ?? '';
  const { command, argument, option } = walk(program, words.slice(0, -1));
  const possible = option !== undefined ? valuesOf(option, words, host) : typed.startsWith('-') ? optionsOf(command) : [...command.commands.filter(isShown).map((sub) => sub.name()), ...argumentsOf(command, argument, words, host)];
  return [...new Set(possible)].filter((word) => word.startsWith(typed));
}

interface Position { readonly command: Command; readonly argument: number; readonly option: Option | undefined }

/** Which command the words before lead to, how many of its arguments are given, and which option waits for its value. */
function walk(program: Command, words: readonly string[]): Position {
  let command = program;
  let argument = 0;
  let option: Option | undefined;
  for (const word of words) {
    if (option !== undefined) { option = undefined; continue; }
    if (word.startsWith('-')) {
      const found = allOptions(command).find(({ short, long }) => word === short || word === long);
      option = found?.required === true ? found : undefined;
      continue;
    }
    const sub = command.commands.find((one) => one.name() === word);
    if (sub === undefined) argument += 1;
    else { command = sub; argument = 0; }
  }
  return { command, argument, option };
}

/** A command's own options and those of the commands around it. */
function allOptions(command: Command): readonly Option[] {
  return [...command.options, ...(command.parent === null ? [] : allOptions(command.parent))];
}

const optionsOf = (command: Command): readonly string[] => [...allOptions(command).filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []), '--help'];

const isShown = (command: Command): boolean => !command.name().startsWith('_');

function valuesOf(option: Option, words: readonly string[], host: Host): readonly string[] {
  if (option.argChoices !== undefined) return option.argChoices;
  switch (option.long) {
    case '--context': return contexts(words, host);
    case '--peer': return members(words, host);
    case '--keep': return ['local', 'remote', ...members(words, host)];
    default: return [];
  }
}

function argumentsOf(command: Command, at: number, words: readonly string[], host: Host): readonly string[] {
  const argument = command.registeredArguments[at];
  if (argument?.argChoices !== undefined) return argument.argChoices;
  switch (argument?.name()) {
    case 'kind': return [...KNOWN_KINDS.map(({ plural }) => plural), 'all'];
    case 'resource': return KNOWN_KINDS.map(({ kind }) => kind);
    case 'context': return contexts(words, host);
    case 'member': case 'other': return members(words, host);
    default: return [];
  }
}

/** Nothing where there is no configuration: a shell that completes wants no errors. */
function contexts(words: readonly string[], host: Host): readonly string[] {
  return readContexts(words, host).map(({ name }) => name);
}

function members(words: readonly string[], host: Host): readonly string[] {
  return readContexts(words, host).flatMap(({ member }) => member ?? []);
}

function readContexts(words: readonly string[], host: Host) {
  const at = words.indexOf('--config');
  try {
    return loadConfig(at === -1 ? undefined : words[at + 1], host).contexts;
  } catch {
    return [];
  }
}
