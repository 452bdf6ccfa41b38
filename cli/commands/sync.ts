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
        json: results.map((result) => ({ ...result, reason: result.reason ?? null })),
        text: () => resultsText('CHANGES', results.map((result) => ({ ...result, count: result.changes }))),
      });
      requireNoneFailed(results);
    });
}

/** What came of each peer; why, only where something is to be told. */
export function resultsText(counted: string, results: readonly (PeerResult & { readonly count: number })[]): string {
  const isTold = results.some(({ reason }) => reason !== undefined);
  return table(plainColumns('PEER', 'OUTCOME', counted, ...(isTold ? ['REASON'] : [])), results.map(({ peer, outcome, count, reason }) =>
    [peer, outcome, count.toString(), ...(isTold ? [reason ?? '-'] : [])]));
}

interface PeerResult { readonly peer: string; readonly outcome: string; readonly reason: string | undefined }

/** @throws CommandError when a peer could not be reached or understood */
export function requireNoneFailed(results: readonly PeerResult[]): void {
  const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ peer, reason = 'it gave no reason' }) => `${peer} failed: ${reason}`);
  if (failed.length > 0) throw new CommandError('unavailable', failed.join('; '));
}
