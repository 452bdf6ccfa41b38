import type { Command } from 'commander';
import type { Json } from '../../shared/model/content.ts';
import type { DeadLetter, Replay } from '../../shared/ports/dead-letters.ts';
import { MAX_REPLAY_IDS } from '../../shared/ports/dead-letters.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { plainColumns, table } from '../output/table.ts';
import { formatAgo, isoTime } from '../output/times.ts';

const SOURCE = 'of one function only: push, tick or doorbell';

/** `federation dead-letters list|replay` */
export function addDeadLetters(federation: Command, host: Host): void {
  const letters = federation.command('dead-letters').description('What the region\'s functions on AWS gave up after several attempts');
  addList(letters, host);
  addReplay(letters, host);
}

function addList(letters: Command, host: Host): void {
  letters.command('list')
    .description('Lists what was given up, and why')
    .option('--source <function>', SOURCE)
    .action(async ({ source }: { readonly source?: string }, command: Command) => {
      const options = globalsOf(command);
      const { letters: found, total } = await withRegion(host, options, ({ operator }) => operator.deadLetters(source, host.interrupted));
      print(host.out, options.output, { json: { letters: found.map(letterJson), total }, text: () => listText(found, total, host.nowMs()) });
    });
}

function addReplay(letters: Command, host: Host): void {
  letters.command('replay')
    .description('Has the work of dead letters done anew, and takes them out of their queue')
    .argument('[ids...]', `as novactl federation dead-letters list names them; at most ${MAX_REPLAY_IDS.toString()}`)
    .option('--all', 'all there are')
    .option('--source <function>', `with --all, ${SOURCE}`)
    .action(async (ids: readonly string[], { all = false, source }: { readonly all?: boolean; readonly source?: string }, command: Command) => {
      const options = globalsOf(command);
      const which = replayOf(ids, all, source);
      const outcome = await withRegion(host, options, ({ operator }) => operator.replayDeadLetters(which, host.newRequestId(), host.interrupted));
      const { replayed, failed, failures } = outcome;
      print(host.out, options.output, { json: { replayed, failed, failures: failures.map((failure) => ({ ...failure })) }, text: () => (which.kind === 'all' && replayed + failed === 0 ? 'There are no dead letters.\n' : `${count(replayed)} replayed\n`) });
      if (failed > 0) throw new CommandError('conflict', `${count(failed)} could not be replayed:\n${failures.map(({ id, reason }) => `  ${id}: ${reason}`).join('\n')}${failed > failures.length ? '\n  …' : ''}`);
    });
}

/** @throws CommandError where it is not said which, or twice */
function replayOf(ids: readonly string[], all: boolean, source: string | undefined): Replay {
  if (all && ids.length > 0) throw new CommandError('invalid', '--all beside ids: expected one of the two');
  if (!all && source !== undefined) throw new CommandError('invalid', '--source is for --all: an id names its function already');
  if (all) return { kind: 'all', source };
  if (ids.length === 0) throw new CommandError('invalid', 'which dead letters? Name them as novactl federation dead-letters list does, or say --all');
  if (ids.length > MAX_REPLAY_IDS) throw new CommandError('invalid', `${ids.length.toString()} ids: expected at most ${MAX_REPLAY_IDS.toString()}, or --all`);
  return { kind: 'ids', ids };
}

function listText(letters: readonly DeadLetter[], total: number, nowMs: number): string {
  if (letters.length === 0 && total === 0) return 'There are no dead letters.\n';
  const rows = letters.map(({ id, failedAtMs, attempts, summary, error }) => [id, formatAgo(failedAtMs, nowMs), attempts?.toString() ?? '-', summary, error || '-']);
  const unseen = total - letters.length;
  return table(plainColumns('ID', 'FAILED', 'ATTEMPTS', 'ABOUT', 'ERROR'), rows)
    + (unseen > 0 ? `About ${unseen.toString()} more: beyond what one look reads, or held by another look for half a minute.\n` : '');
}

const letterJson = ({ id, source, failedAtMs, attempts, error, summary }: DeadLetter): Json => ({ id, source, failedAt: isoTime(failedAtMs), attempts: attempts ?? null, error, summary });

const count = (letters: number): string => `${letters.toString()} dead ${letters === 1 ? 'letter' : 'letters'}`;
