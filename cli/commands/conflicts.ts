import type { Command } from 'commander';
import type { ResourceKey } from '../../shared/model/ids.ts';
import { nearestName } from '../../shared/model/nearest-name.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { conflictDescription } from '../output/conflict-description.ts';
import { conflictJson } from '../output/conflicts-json.ts';
import { conflictsText } from '../output/conflicts-text.ts';
import { print } from '../output/print.ts';
import { printResource } from '../output/resource-name.ts';
import { findKey } from '../resources/find-resource.ts';
import { parseResource } from '../resources/resource-argument.ts';

/** `federation conflicts`, `… describe`, `… resolve` */
export function addConflicts(federation: Command, host: Host): void {
  const conflicts = federation.command('conflicts')
    .description('Resources that were written concurrently and wait for a person')
    .option('--all', 'also those that were decided automatically, with the losing versions and why they lost')
    .action(async ({ all = false }: { readonly all?: boolean }, command: Command) => {
      const options = globalsOf(command);
      const found = await withRegion(host, options, ({ operator }) => operator.conflicts(all));
      print(host.out, options.output, { json: found.map(conflictJson), text: (detail) => conflictsText(found, host.nowMs(), { all, wide: detail === 'wide' }) });
    });
  addDescribe(conflicts, host);
  addResolve(conflicts, host);
}

function addDescribe(conflicts: Command, host: Host): void {
  conflicts.command('describe')
    .description('The versions of one conflict side by side: who wrote what when, and where they differ')
    .argument('<resource>', 'KIND/NAMESPACE/NAME')
    .action(async (word: string, _options: unknown, command: Command) => {
      const options = globalsOf(command);
      const found = await withRegion(host, options, async ({ operator }) => {
        const key = await findKey(operator, parseResource(word, undefined, undefined));
        const conflict = await operator.conflict(key);
        if (conflict === undefined) throw await noConflict(operator, key);
        return conflict;
      });
      print(host.out, options.output, { json: conflictJson(found), text: () => conflictDescription(found, host.nowMs(), host.out.columns) });
    });
}

function addResolve(conflicts: Command, host: Host): void {
  conflicts.command('resolve')
    .description('Ends a conflict by keeping one version, at every member')
    .argument('<resource>', 'KIND/NAMESPACE/NAME')
    .requiredOption('--keep <version>', 'local, remote, or the member whose version is kept')
    .action(async (word: string, { keep }: { readonly keep: string }, command: Command) => {
      const options = globalsOf(command);
      const resolved = await withRegion(host, options, async ({ operator }) => {
        const key = await findKey(operator, parseResource(word, undefined, undefined));
        if ((await operator.conflict(key)) === undefined) throw await noConflict(operator, key);
        return { key, ...(await operator.resolve(key, keep, host.newRequestId())) };
      });
      print(host.out, options.output, {
        json: { resource: printResource(resolved.key), key: resolved.key, kept: keep, version: resolved.version },
        text: () => `${printResource(resolved.key)} resolved: kept ${keep} as ${resolved.version}\n`,
      });
    });
}

/** What is not in conflict, and what may have been meant. */
async function noConflict(operator: Operator, key: ResourceKey): Promise<CommandError> {
  const names = (await operator.conflicts(true)).map((conflict) => printResource(conflict.key));
  const near = nearestName(printResource(key), names);
  const hint = near !== undefined ? `did you mean ${near}?` : names.length === 0 ? 'there are no conflicts' : 'novactl federation conflicts --all lists those there are';
  return new CommandError('not-found', `${printResource(key)} is in no conflict; ${hint}`);
}
