import type { Command } from 'commander';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { statusJson } from '../output/status-json.ts';
import { statusText } from '../output/status-text.ts';

/** `federation status` */
export function addStatus(federation: Command, host: Host): void {
  federation.command('status')
    .description('Members, their health, and how far behind they are')
    .option('--verbose', 'also partition state, conditions, exceptions, Merkle root and vector clocks')
    .action(async ({ verbose }: { readonly verbose?: boolean }, command: Command) => {
      const options = globalsOf(command);
      const status = await withRegion(host, options, ({ operator }) => operator.status());
      print(host.out, options.output, { json: statusJson(status), text: (detail) => statusText(status, host.nowMs(), verbose === true ? 'verbose' : detail) });
    });
}
