import type { Command } from 'commander';
import type { Json } from '../../shared/model/content.ts';
import type { DeadLetter, DiscardOutcome, LetterFailure, Replay, ReplayOutcome } from '../../shared/ports/dead-letters.ts';
import { MAX_LETTERS_A_LOOK, MAX_LETTER_IDS } from '../../shared/ports/dead-letters.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { plainColumns, table } from '../output/table.ts';
import { formatAgo, isoTime } from '../output/times.ts';

/** Looks that one `replay --all` takes: 30,000 letters of a queue. Work that fails anew as fast as it is replayed must not keep it going. */
const MAX_LOOKS = 100;
const SOURCE = 'of one function only: push, tick or doorbell';

/** `federation dead-letters list|replay|discard` */
export function addDeadLetters(federation: Command, host: Host): void {
  const letters = federation.command('dead-letters').description('What the region\'s functions on AWS gave up after several attempts');
  addList(letters, host);
  addReplay(letters, host);
  addDiscard(letters, host);
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
    .argument('[ids...]', `as novactl federation dead-letters list names them; at most ${MAX_LETTER_IDS.toString()}`)
    .option('--all', 'all there are')
    .option('--source <function>', `with --all, ${SOURCE}`)
    .action(async (ids: readonly string[], { all = false, source }: { readonly all?: boolean; readonly source?: string }, command: Command) => {
      const options = globalsOf(command);
      const which = replayOf(ids, all, source);
      const outcome = await withRegion(host, options, ({ operator }) => (which.kind === 'all' ? replayAll(operator, which, host) : operator.replayDeadLetters(which, host.newRequestId(), host.interrupted)));
      const { replayed, failed, failures } = outcome;
      print(host.out, options.output, { json: { replayed, failed, failures: failures.map((failure) => ({ ...failure })) }, text: () => (which.kind === 'all' && replayed + failed === 0 ? 'There are no dead letters.\n' : `${count(replayed)} replayed\n`) });
      if (failed > 0) throw new CommandError('conflict', `${count(failed)} could not be replayed:\n${failureLines(failures)}${failed > failures.length ? '\n  …' : ''}`);
    });
}

/**
 * Look after look, until one has seen every queue to its end, or replays nothing of what it sees. Says how far it is where one does not do.
 * What a look could not replay stays, and the next meets it again: the last one's failures are those that are left.
 */
async function replayAll(operator: Pick<Operator, 'deadLetters' | 'replayDeadLetters'>, which: Replay & { readonly kind: 'all' }, host: Host): Promise<ReplayOutcome> {
  let replayed = 0;
  let total: number | undefined;
  for (let looks = 1; ; looks += 1) {
    const look = await operator.replayDeadLetters(which, host.newRequestId(), host.interrupted);
    replayed += look.replayed;
    if (look.replayed === 0 || look.replayed + look.failed < MAX_LETTERS_A_LOOK) return { ...look, replayed };
    if (looks === MAX_LOOKS) throw new CommandError('conflict', `${count(replayed)} replayed, and there are more after ${MAX_LOOKS.toString()} looks; see with list whether they come back, and say it again`);
    // As the queues count, which is about; what came or went meanwhile is in it or not.
    total ??= replayed + (await operator.deadLetters(which.source, host.interrupted)).total;
    host.err.write(`${replayed.toString()} of about ${Math.max(total, replayed).toString()} dead letters replayed\n`);
  }
}

interface DiscardOptions { readonly all?: boolean; readonly source?: string; readonly yes?: boolean }

function addDiscard(letters: Command, host: Host): void {
  letters.command('discard')
    .description('Throws dead letters away, their work undone; without --yes says which, and throws none away')
    .argument('[ids...]', `as novactl federation dead-letters list names them; at most ${MAX_LETTER_IDS.toString()}`)
    .option('--all', 'all that a list shows now')
    .option('--source <function>', `with --all, ${SOURCE}`)
    .option('--yes', 'do it')
    .action(async (ids: readonly string[], { all = false, source, yes = false }: DiscardOptions, command: Command) => {
      const options = globalsOf(command);
      const which = replayOf(ids, all, source);
      const { plan, total, discarded, failures } = await withRegion(host, options, async ({ operator }) => {
        const list = await operator.deadLetters(which.kind === 'all' ? which.source : undefined, host.interrupted);
        const chosen = list.letters.filter(({ id }) => which.kind === 'all' || which.ids.includes(id));
        const known = new Set(chosen.map(({ id }) => id));
        const unknown = which.kind === 'all' ? [] : which.ids.filter((id) => !known.has(id)).map((id) => ({ id, reason: NOT_LISTED }));
        const done = yes ? await discardAll(operator, chosen.map(({ id }) => id), host) : { discarded: 0, failures: [] };
        return { plan: chosen, total: list.total, discarded: done.discarded, failures: [...done.failures, ...unknown] };
      });
      print(host.out, options.output, {
        json: { letters: plan.map(letterJson), discarded, failures: failures.map((failure) => ({ ...failure })) },
        text: () => (yes && plan.length > 0 ? `${count(discarded)} discarded\n` : planText(plan, which.kind === 'all' ? total : plan.length, host.nowMs())),
      });
      if (failures.length > 0) throw new CommandError('conflict', `${count(failures.length)} could not be discarded:\n${failureLines(failures)}`);
    });
}

const NOT_LISTED = 'a list does not show it: it is gone, held by another look for half a minute, or beyond what one look reads';

/** What was listed and nothing else: what comes meanwhile nobody has seen. */
async function discardAll(operator: Pick<Operator, 'discardDeadLetters'>, ids: readonly string[], host: Host): Promise<DiscardOutcome> {
  const failures: LetterFailure[] = [];
  let discarded = 0;
  for (let at = 0; at < ids.length; at += MAX_LETTER_IDS) {
    const outcome = await operator.discardDeadLetters(ids.slice(at, at + MAX_LETTER_IDS), host.newRequestId(), host.interrupted);
    discarded += outcome.discarded;
    failures.push(...outcome.failures);
  }
  return { discarded, failures };
}

const planText = (plan: readonly DeadLetter[], total: number, nowMs: number): string =>
  (plan.length === 0 ? listText(plan, total, nowMs) : `${listText(plan, total, nowMs)}Nothing was discarded. With --yes ${plan.length === 1 ? 'it is' : 'they are'} thrown away, and what they ask for is not done.\n`);

const failureLines = (failures: readonly LetterFailure[]): string => failures.map(({ id, reason }) => `  ${id}: ${reason}`).join('\n');

/** @throws CommandError where it is not said which, or twice */
function replayOf(ids: readonly string[], all: boolean, source: string | undefined): Replay {
  if (all && ids.length > 0) throw new CommandError('invalid', '--all beside ids: expected one of the two');
  if (!all && source !== undefined) throw new CommandError('invalid', '--source is for --all: an id names its function already');
  if (all) return { kind: 'all', source };
  if (ids.length === 0) throw new CommandError('invalid', 'which dead letters? Name them as novactl federation dead-letters list does, or say --all');
  if (ids.length > MAX_LETTER_IDS) throw new CommandError('invalid', `${ids.length.toString()} ids: expected at most ${MAX_LETTER_IDS.toString()}, or --all`);
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
