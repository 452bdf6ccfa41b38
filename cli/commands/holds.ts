import type { Command } from 'commander';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';

const HOLD = 'as novactl federation status lists it, such as up-1a2b3c';

/** `federation approve` */
export function addApprove(federation: Command, host: Host): void {
  federation.command('approve')
    .description('Lets many deletes go on that the member holds, from its cluster (up) or to it (down)')
    .argument('<hold>', HOLD)
    .action(async (hold: string, _options: unknown, command: Command) => {
      const options = globalsOf(command);
      const { resources } = await withRegion(host, options, ({ operator }) => operator.approve(hold, host.newRequestId()));
      print(host.out, options.output, { json: { hold, outcome: 'approved', resources }, text: () => `${hold} approved: ${deletes(resources)} go on within half a minute\n` });
    });
}

/** `federation reject` */
export function addReject(federation: Command, host: Host): void {
  federation.command('reject')
    .description('Drops deletes that the member holds: up, its cluster gets the objects back; down, every cluster does')
    .argument('<hold>', HOLD)
    .option('--reason <text>', 'why, for whoever reads the log later', '')
    .action(async (hold: string, { reason }: { readonly reason: string }, command: Command) => {
      const options = globalsOf(command);
      const { resources } = await withRegion(host, options, ({ operator }) => operator.reject(hold, reason, host.newRequestId()));
      const what = hold.startsWith('up-') ? 'the cluster gets its objects back within half a minute' : 'what this cluster has is written anew, for all';
      print(host.out, options.output, { json: { hold, outcome: 'rejected', resources }, text: () => `${hold} rejected: of ${deletes(resources)} nothing is left, ${what}\n` });
    });
}

const deletes = (count: number): string => `${count.toString()} ${count === 1 ? 'delete' : 'deletes'}`;
