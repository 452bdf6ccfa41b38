import type { Command } from 'commander';
import type { Json } from '../../shared/model/content.ts';
import { parseDurationMs } from '../../shared/model/duration.ts';
import type { LeaveAnswer, LeaveObstacle, LeaveRequest, Operator } from '../../shared/ports/operator.ts';
import { withRegion } from '../connection/session.ts';
import { CommandError } from '../errors.ts';
import type { Host } from '../host.ts';
import { globalsOf } from '../options.ts';
import { print } from '../output/print.ts';
import { printResource } from '../output/resource-name.ts';

/** Between two looks at how far it is. */
const LOOK_MS = 1000;
/** Objects that a plan names. */
const LINES = 20;
/** What passes by itself, mostly. */
const PASSING: readonly LeaveObstacle['reason'][] = ['NotHeard', 'Recovering', 'NotLevel'];

interface LeaveOptions { readonly confirm?: string; readonly cleanup?: boolean; readonly force?: boolean; readonly wait: string }

/** `federation leave` */
export function addLeave(federation: Command, host: Host): void {
  federation.command('leave')
    .description('Takes the member out of the federation for good; without --confirm says what that would do, and does nothing')
    .option('--confirm <member>', 'the member that leaves: do it')
    .option('--cleanup', 'remove from its cluster what came from other members')
    .option('--force', 'leave although others lack what is here, or something waits: it may be lost')
    .option('--wait <duration>', 'how long to wait for others to have what is here, and for the cluster to be cleaned up', '60s')
    .action(async ({ confirm, cleanup: cleanUp = false, force = false, wait }: LeaveOptions, command: Command) => {
      const options = globalsOf(command);
      const untilMs = host.nowMs() + parseDurationMs('--wait', wait);
      const request = { confirm, cleanUp, force };
      const { member, answer } = await withRegion(host, options, async ({ operator }) => ({ member: (await operator.status()).localMember, answer: await leaveAndWait(host, operator, request, untilMs) }));
      print(host.out, options.output, { json: answerJson(member, answer), text: () => (confirm === undefined ? planText(member, answer, cleanUp) : doneText(member, answer, cleanUp)) });
      if (confirm === undefined) return;
      if (!answer.left) throw new CommandError(answer.obstacles.every(isPassing) ? 'unavailable' : 'conflict', `${member} has not left: ${answer.obstacles.map(({ message }) => message).join('; ')}. --force leaves all the same`);
      if (cleanUp && answer.cleanUp !== 'done') throw new CommandError('unavailable', `${member} has left, and ${objects(answer.fromOthers)} of its cluster ${answer.fromOthers === 1 ? 'is' : 'are'} still to be removed: its bridge does that while it runs. Say the same again to see how far it is`);
    });
}

/** Until it is done or the time is over, saying what it waits for. */
async function leaveAndWait(host: Host, operator: Operator, request: LeaveRequest, untilMs: number): Promise<LeaveAnswer> {
  let said = '';
  for (;;) {
    const answer = await operator.leave(request);
    const waitsFor = request.confirm === undefined ? undefined : stillTo(answer, request.cleanUp);
    if (waitsFor === undefined || host.nowMs() >= untilMs) return answer;
    if (waitsFor !== said) host.err.write(`waiting: ${waitsFor}\n`);
    said = waitsFor;
    await host.sleep(LOOK_MS);
  }
}

const isPassing = ({ reason }: LeaveObstacle): boolean => PASSING.includes(reason);

/** What may come about by waiting. */
function stillTo({ left, obstacles, cleanUp, fromOthers }: LeaveAnswer, isCleanUp: boolean): string | undefined {
  if (!left) return obstacles.every(isPassing) ? obstacles.map(({ message }) => message).join('; ') : undefined;
  return isCleanUp && cleanUp !== 'done' ? `${objects(fromOthers)} to be removed from the cluster` : undefined;
}

function planText(member: string, { left, obstacles, fromOthers, examples, own }: LeaveAnswer, isCleanUp: boolean): string {
  const others = fromOthers === 0 ? [] : [
    `${objects(fromOthers)} came from other members, and ${fromOthers === 1 ? 'is' : 'are'} ${isCleanUp ? 'removed from the cluster' : 'kept as well; --cleanup removes them'}:`,
    ...examples.slice(0, LINES).map((key) => `  ${printResource(key)}`),
    ...(fromOthers > LINES ? [`  … and ${(fromOthers - LINES).toString()} more${fromOthers > examples.length ? '' : '; -o json has them all'}`] : []),
  ];
  return [
    left ? `${member} has left the federation.` : `${member} would leave the federation for good: the others go on without it, and it does not return under this name.`,
    ...(obstacles.length === 0 ? [] : ['Against it stands:', ...obstacles.map(({ message }) => `  ${message}`)]),
    `${objects(own)} of its own ${own === 1 ? 'stays' : 'stay'} in its cluster.`,
    ...others,
    ...(left && !isCleanUp ? [] : [`Nothing was changed. To do it: novactl federation leave${isCleanUp ? ' --cleanup' : ''} --confirm ${member}`]),
    '',
  ].join('\n');
}

function doneText(member: string, { left, obstacles, cleanUp, fromOthers, own }: LeaveAnswer, isCleanUp: boolean): string {
  if (!left) return '';
  const over = obstacles.length === 0 ? '' : `, over this: ${obstacles.map(({ message }) => message).join('; ')}`;
  const cleaned = !isCleanUp ? `its cluster keeps ${objects(own + fromOthers)}` : cleanUp === 'done' ? `its cluster has removed what came from others and keeps ${objects(own)}` : 'its cluster removes what came from others';
  return `${member} has left the federation${over}; ${cleaned}\n`;
}

const answerJson = (member: string, { left, obstacles, cleanUp, fromOthers, examples, own }: LeaveAnswer): Json => ({
  member, left, obstacles: obstacles.map(({ reason, member: about, message }) => ({ reason, member: about ?? null, message })), cleanup: cleanUp, fromOthers, examples: examples.map(printResource), own,
});

const objects = (count: number): string => `${count.toString()} ${count === 1 ? 'object' : 'objects'}`;
