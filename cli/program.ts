import { Command } from 'commander';
import packageFile from '../package.json' with { type: 'json' };
import { addAgents } from './commands/agents.ts';
import { addApply } from './commands/apply.ts';
import { addCerts } from './commands/certs.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addConflicts } from './commands/conflicts.ts';
import { addDeadLetters } from './commands/dead-letters.ts';
import { addDelete } from './commands/delete.ts';
import { addApprove, addReject } from './commands/holds.ts';
import { addDenied, addDeny, addUndeny } from './commands/deny.ts';
import { addGet } from './commands/get.ts';
import { addHistory } from './commands/history.ts';
import { addLeave } from './commands/leave.ts';
import { addLocal } from './commands/local.ts';
import { addReconcile } from './commands/reconcile.ts';
import { addSet } from './commands/set.ts';
import { addStatus } from './commands/status.ts';
import { addSync } from './commands/sync.ts';
import { addVersion } from './commands/version.ts';
import type { Host } from './host.ts';
import { addGlobalOptions } from './options.ts';

/** All of novactl's commands over a host. Errors are thrown, never printed; help goes to the host's outputs. */
export function buildProgram(host: Host): Command {
  const program = new Command('novactl')
    .description('Looks after a NovaEdge federation: its members, resources and conflicts.')
    .version(packageFile.version, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => { host.out.write(text); },
      writeErr: (text) => { host.err.write(text); },
      outputError: () => undefined,
      getOutHelpWidth: () => host.out.columns ?? HELP_COLUMNS,
      getErrHelpWidth: () => host.err.columns ?? HELP_COLUMNS,
    })
    .configureHelp({ showGlobalOptions: true });
  addGlobalOptions(program);
  const federation = program.command('federation').description('The federation as a member sees it');
  for (const add of [addStatus, addConflicts, addSync, addReconcile, addSet, addApprove, addReject, addDenied, addDeny, addUndeny, addDeadLetters, addLeave]) add(federation, host);
  for (const add of [addGet, addApply, addDelete, addHistory, addAgents, addConfig, addCerts, addLocal, addCompletion, addVersion]) add(program, host);
  withoutHelpCommand(program);
  return program;
}

/** `--help` is enough; a `help` command would stand in every list. */
function withoutHelpCommand(command: Command): void {
  command.helpCommand(false);
  command.commands.forEach(withoutHelpCommand);
}

/** Of help where no terminal says how wide it is. */
const HELP_COLUMNS = 100;
