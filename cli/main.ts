import { runNovactl } from './run.ts';
import { flushed, processHost } from './process-host.ts';

const code = await runNovactl(process.argv.slice(2), processHost());
await flushed();
// A connection that closes slowly must not hold up a shell.
process.exit(code);
