import type { Command } from 'commander';
import { asMember } from '../../shared/model/ids.ts';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { requireNoneFailed, resultsText } from './sync.ts';

/** `federation reconcile` */
export function addReconcile(federation: Command, host: Host): void {
  federation.command('reconcile')
    .description('Compares with one or all peers now, by Merkle trees, and repairs what differs')
    .option('--peer <member>', 'this peer alone')
    .action(async ({ peer }: { readonly peer?: string }, command: Command) => {
      const options = globalsOf(command);
      const results = await withRegion(host, options, ({ operator, signal }) => operator.reconcile(peer === undefined ? undefined : asMember(peer), signal));
      print(host.out, options.output, {
        json: results.map((result) => ({ ...result, reason: result.reason ?? null })),
        text: () => resultsText('REPAIRED', results.map((result) => ({ ...result, count: result.repaired }))),
      });
      requireNoneFailed(results);
    });
}
