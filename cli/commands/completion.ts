import type { Command } from 'commander';
import { Argument } from 'commander';
import { candidates } from '../completion/candidates.ts';
import { COMPLETE_COMMAND, COMPLETION_SCRIPTS, SHELLS } from '../completion/scripts.ts';
import type { Shell } from '../completion/scripts.ts';
import type { Host } from '../host.ts';

/** `completion`, and the hidden command that its scripts ask. */
export function addCompletion(program: Command, host: Host): void {
  program.command('completion')
    .description('A script that completes novactl\'s words in a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .action((shell: Shell) => { host.out.write(COMPLETION_SCRIPTS[shell]); });
  program.command(COMPLETE_COMMAND, { hidden: true })
    .argument('[words...]')
    .action((words: readonly string[]) => { host.out.write(candidates(program, words, host).map((word) => `${word}\n`).join('')); });
}
