import type { Command } from 'commander';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printDone, printResource } from '../output/resource-name.ts';
import { findKey, notThere } from '../resources/find-resource.ts';
import { parseResource } from '../resources/resource-argument.ts';

interface DeleteOptions { readonly namespace?: string; readonly ignoreNotFound?: boolean }

/** `delete` */
export function addDelete(program: Command, host: Host): void {
  program.command('delete')
    .description('Deletes a resource at every member')
    .argument('<resource>', 'KIND/NAMESPACE/NAME, or KIND')
    .argument('[name]', 'the name, after KIND')
    .option('-n, --namespace <namespace>', 'where the resource is')
    .option('--ignore-not-found', 'succeed when there is nothing to delete')
    .action(async (word: string, name: string | undefined, { namespace, ignoreNotFound }: DeleteOptions, command: Command) => {
      const options = globalsOf(command);
      const { key, outcome } = await withRegion(host, options, async ({ operator }) => {
        const found = await findKey(operator, parseResource(word, name, namespace));
        const done = await operator.delete(found, host.newRequestId());
        if (done === 'not-found' && ignoreNotFound !== true) throw await notThere(operator, found);
        return { key: found, outcome: done };
      });
      print(host.out, options.output, {
        json: { resource: printResource(key), key, outcome },
        text: () => (outcome === 'deleted' ? `${printDone(key)} deleted\n` : ''),
      });
    });
}
