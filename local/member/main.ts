import { readMemberConfig } from './member-config.ts';
import type { MemberMessage } from './member-message.ts';
import { runMember } from './run-member.ts';

/** One member's process: `node local/member/main.ts CONFIG.json`. Stops on SIGTERM, or when its supervisor is gone. */
const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node local/member/main.ts CONFIG.json');
const tell = (message: MemberMessage): void => { process.send?.(message); };
const member = await runMember(await readMemberConfig(path), (problems) => { tell({ kind: 'problems', problems }); });
tell({ kind: 'ready' });

let isStopping = false;
async function stop(): Promise<void> {
  if (isStopping) return;
  isStopping = true;
  await member.stop();
  process.exit(0);
}
process.on('SIGTERM', () => { void stop(); });
process.on('SIGINT', () => undefined); // Ctrl-C reaches the whole group; the supervisor decides
process.on('disconnect', () => { void stop(); });
