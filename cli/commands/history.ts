import type { Command } from 'commander';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printResource } from '../output/resource-name.ts';
import { historyText } from '../output/resources-text.ts';
import { isoTime } from '../output/times.ts';
import { findKey, notThere } from '../resources/find-resource.ts';
import { parseResource } from '../resources/resource-argument.ts';

/** `history` */
export function addHistory(program: Command, host: Host): void {
  program.command('history')
    .description('What the region still knows of a resource\'s versions, oldest first')
    .argument('<resource>', 'KIND/NAMESPACE/NAME, or KIND')
    .argument('[name]', 'the name, after KIND')
    .option('-n, --namespace <namespace>', 'where the resource is')
    .action(async (word: string, name: string | undefined, { namespace }: { readonly namespace?: string }, command: Command) => {
      const options = globalsOf(command);
      const { key, entries } = await withRegion(host, options, async ({ operator }) => {
        const asked = await findKey(operator, parseResource(word, name, namespace));
        const known = await operator.history(asked);
        if (known.length === 0 && (await operator.get(asked)) === undefined) throw await notThere(operator, asked);
        return { key: asked, entries: known };
      });
      print(host.out, options.output, {
        json: { resource: printResource(key), key, versions: entries.map((entry) => ({ version: entry.version, member: entry.member, committedAt: isoTime(entry.committedAtMs), what: entry.what })) },
        text: () => (entries.length === 0 ? `${printResource(key)} is here, and the logs no longer tell of its versions.\n` : historyText(entries, host.nowMs())),
      });
    });
}
