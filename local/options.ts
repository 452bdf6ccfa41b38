import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartError } from './supervisor/data-folder.ts';
import { MAX_MEMBERS } from './supervisor/plan.ts';

/** What `npm start -- …` was asked for. */
export interface StartOptions {
  readonly data: string;
  readonly members: number | undefined;
  readonly port: number | undefined;
  readonly demo: boolean;
  /** Real API servers instead of folders; undefined: as the data folder was set up. */
  readonly kubernetes: true | undefined;
  /** The member that writes for all, in hub-spoke; undefined: a mesh, or as the data folder was set up. */
  readonly hub: string | undefined;
  readonly logLevel: string;
}

export const USAGE = `Usage: npm start -- [options]

Starts a federation of three members on this machine, on the embedded store.

  --data DIR       where everything is kept (default .novaedge)
  --members N      how many members, 1 to ${MAX_MEMBERS.toString()} (default 3; fixed at the first start)
  --port P         the first of the ports used (default: free ones; fixed at the first start)
  --hub NAME       the mode is hub-spoke, and this member, such as us-west, writes for all (default: a mesh; fixed at the first start)
  --demo           applies examples, shows each step, and exits
  --kubernetes     each member's cluster is a real Kubernetes API server (300 MB each; built with Go at the first time, which takes
                   five minutes) instead of a folder; --data is then .novaedge-kubernetes by default
  --log-level L    trace, debug, info, warn or error (default info), for the members' log files
  --help`;

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

/** @throws StartError naming the option, what was wrong and what is accepted; undefined when help was asked for */
export function readOptions(args: readonly string[]): StartOptions | undefined {
  const { values } = parse(args);
  if (values.help === true) return undefined;
  const level = values['log-level'] ?? 'info';
  if (!LEVELS.includes(level)) throw new StartError(`--log-level ${level}: expected one of ${LEVELS.join(', ')}`);
  if (values.kubernetes === true && values.demo === true) throw new StartError('--demo: shows folders, not --kubernetes; leave one out');
  return {
    data: resolve(values.data ?? (values.kubernetes === true ? '.novaedge-kubernetes' : '.novaedge')),
    members: number('--members', values.members, 1, MAX_MEMBERS),
    port: number('--port', values.port, 1024, 65_000),
    demo: values.demo === true,
    kubernetes: values.kubernetes === true ? true : undefined,
    hub: values.hub,
    logLevel: level,
  };
}

function parse(args: readonly string[]): { values: { data?: string | undefined; members?: string | undefined; port?: string | undefined; demo?: boolean | undefined; kubernetes?: boolean | undefined; hub?: string | undefined; 'log-level'?: string | undefined; help?: boolean | undefined } } {
  try {
    return parseArgs({ args: [...args], options: { data: { type: 'string' }, members: { type: 'string' }, port: { type: 'string' }, demo: { type: 'boolean' }, kubernetes: { type: 'boolean' }, hub: { type: 'string' }, 'log-level': { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
  } catch (error) {
    throw new StartError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, { cause: error });
  }
}

function number(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) throw new StartError(`${option} ${text}: expected a whole number from ${least.toString()} to ${most.toString()}`);
  return value;
}
