import type { Command } from 'commander';
import { OperatorService } from '../../proto/gen/novaedge/federation/v1/operator_service_pb.ts';
import packageFile from '../../package.json' with { type: 'json' };
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';

/** `version` */
export function addVersion(program: Command, host: Host): void {
  program.command('version')
    .description('The version of novactl, and of the contract it speaks')
    .action((_options: unknown, command: Command) => {
      const contract = OperatorService.file.proto.package;
      const { version } = packageFile;
      print(host.out, globalsOf(command).output, {
        json: { version, contract, node: host.nodeVersion },
        text: () => `novactl ${version} (${contract}, Node ${host.nodeVersion})\n`,
      });
    });
}
