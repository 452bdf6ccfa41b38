import type { Command } from 'commander';
import type { Json } from '../../shared/model/content.ts';
import type { DeniedInfo } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { plainColumns, table } from '../output/table.ts';
import { formatAgo, isoTime } from '../output/times.ts';

const ENTRY = 'peer/MEMBER, operator/LEVEL/NAME, …; a certificate\'s serial number or SHA-256 fingerprint';

/** `federation denied` */
export function addDenied(federation: Command, host: Host): void {
  federation.command('denied')
    .description('Lists whom the region lets in no more')
    .action(async (_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const denied = await withRegion(host, options, ({ operator }) => operator.denied());
      print(host.out, options.output, {
        json: denied.map(deniedJson),
        text: () => (denied.length === 0 ? 'Nobody is denied.\n' : table(plainColumns('ENTRY', 'SINCE', 'REASON'), denied.map(({ entry, sinceMs, reason }) => [entry, formatAgo(sinceMs, host.nowMs()), reason || '-']))),
      });
    });
}

/** `federation deny` */
export function addDeny(federation: Command, host: Host): void {
  federation.command('deny')
    .description('Lets a certificate, or whoever has a name, in no more, at this member')
    .argument('<entry>', ENTRY)
    .option('--reason <text>', 'why, for whoever reads the list later', '')
    .action(async (entry: string, { reason }: { readonly reason: string }, command: Command) => {
      const options = globalsOf(command);
      const denied = await withRegion(host, options, ({ operator }) => operator.deny(entry, reason));
      print(host.out, options.output, { json: deniedJson(denied), text: () => `${denied.entry} denied\n` });
    });
}

/** `federation undeny` */
export function addUndeny(federation: Command, host: Host): void {
  federation.command('undeny')
    .description('Takes an entry off the deny list')
    .argument('<entry>', ENTRY)
    .action(async (entry: string, _options: unknown, command: Command) => {
      const options = globalsOf(command);
      const outcome = await withRegion(host, options, ({ operator }) => operator.undeny(entry));
      if (outcome === 'not-found') throw new CommandError('not-found', `${entry} is not on the deny list; novactl federation denied lists what is`);
      print(host.out, options.output, { json: { entry, outcome }, text: () => `${entry} let in again\n` });
    });
}

const deniedJson = ({ entry, reason, sinceMs }: DeniedInfo): Json => ({ entry, reason, since: isoTime(sinceMs) });
