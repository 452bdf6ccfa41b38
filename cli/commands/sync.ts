import type { Command } from 'commander';
import { asMember } from '../../shared/model/ids.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { plainColumns, table } from '../output/table.ts';

interface PeerOption { readonly peer?: string }

/** `federation sync` */
export function addSync(federation: Command, host: Host): void {
  federation.command('sync')
    .description('Catches up with one or all peers now')
    .option('--peer <member>', 'this peer alone')
    .action(async ({ peer }: PeerOption, command: Command) => {
      const options = globalsOf(command);
      const results = await withRegion(host, options, ({ operator, signal }) => operator.syncNow(peer === undefined ? undefined : asMember(peer), signal));
      print(host.out, options.output, {
        json: results.map((result) => ({ ...result })),
        text: () => table(plainColumns('PEER', 'OUTCOME', 'CHANGES'), results.map((result) => [result.peer, result.outcome, result.changes.toString()])),
      });
      requireNoneFailed(results);
    });
}

/** @throws CommandError when a peer could not be reached or understood */
export function requireNoneFailed(results: readonly { readonly peer: string; readonly outcome: string }[]): void {
  const failed = results.filter(({ outcome }) => outcome.startsWith('failed')).map(({ peer }) => peer);
  if (failed.length > 0) throw new CommandError('unavailable', `${failed.join(', ')} failed; novactl federation status tells why`);
}
