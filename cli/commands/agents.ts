import type { Command } from 'commander';
import { withRegion } from '../connection/session.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { plainColumns, table } from '../output/table.ts';

/** `agents list` */
export function addAgents(program: Command, host: Host): void {
  program.command('agents').description('Agents on the nodes')
    .command('list')
    .description('How many agents each member has heard of')
    .action(async (_options: unknown, command: Command) => {
      const options = globalsOf(command);
      const { members } = await withRegion(host, options, ({ operator }) => operator.status());
      print(host.out, options.output, {
        json: members.map(({ name, region, isLocal, healthy, agents }) => ({ member: name, region, local: isLocal, healthy, agentCount: agents })),
        text: () => table(plainColumns('MEMBER', 'REGION', 'STATUS', 'AGENTS'), members.map(({ name, region, isLocal, healthy, agents }) =>
          [name, region || '-', isLocal ? 'Local' : healthy ? 'Healthy' : 'Unhealthy', agents.toString()])),
      });
    });
}
