import type { Command } from 'commander';
import packageFile from '../../package.json' with { type: 'json' };
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';

/** The package of the wire contract (proto/). */
export const CONTRACT = 'novaedge.federation.v1';

/** `version` */
export function addVersion(program: Command, host: Host): void {
  program.command('version')
    .description('The version of novactl, and of the contract it speaks')
    .action((_options: unknown, command: Command) => {
      const { version } = packageFile;
      print(host.out, globalsOf(command).output, {
        json: { version, contract: CONTRACT, node: host.nodeVersion },
        text: () => `novactl ${version} (${CONTRACT}, Node ${host.nodeVersion})\n`,
      });
    });
}
