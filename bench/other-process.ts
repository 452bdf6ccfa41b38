import { startFloorServer } from './floor.ts';
import { startMember } from './member.ts';
import type { MemberTls } from './pair.ts';
import { ORIGIN, OTHER } from './pair.ts';

/** What the bench asks of the process of the other member, each answered by one message. */
export type Ask =
  | { readonly ask: 'start'; readonly tls: MemberTls; readonly folder: string }
  | { readonly ask: 'join'; readonly endpoint: string }
  | { readonly ask: 'arrived' }
  | { readonly ask: 'stop' };
export interface Started { readonly endpoint: string; readonly floorEndpoint: string }

const answer = (message: unknown): void => { process.send?.(message); };

let running: { readonly member: Awaited<ReturnType<typeof startMember>>; readonly floor: Awaited<ReturnType<typeof startFloorServer>> } | undefined;

async function carryOut(ask: Ask): Promise<void> {
  if (ask.ask === 'start') {
    running = { member: await startMember(OTHER, ask.tls, ask.folder), floor: await startFloorServer(OTHER, ask.tls, ask.folder) };
    answer({ endpoint: running.member.endpoint, floorEndpoint: running.floor.endpoint } satisfies Started);
    return;
  }
  if (running === undefined) throw new Error('not started');
  if (ask.ask === 'join') {
    await running.member.join({ member: ORIGIN, endpoint: ask.endpoint });
    answer('joined');
  } else if (ask.ask === 'arrived') answer(running.member.watched.takeArrived());
  else {
    await running.member.stop();
    await running.floor.stop();
    answer('stopped');
    process.disconnect();
  }
}

process.on('message', (ask: Ask) => { void carryOut(ask); });
