import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { findFreePorts, firstTaken } from './ports.ts';
import { MAX_MEMBERS, NAMES, portsNeeded } from './plan.ts';

/** What a data folder was set up as; never changes afterwards, since endpoints stand in the users' manifests. */
const setupSchema = z.strictObject({ members: z.number().int().min(1).max(MAX_MEMBERS), firstPort: z.number().int(), kubernetes: z.boolean().default(false), hub: z.string().optional() });
export type Setup = z.infer<typeof setupSchema>;

/** Something a person can mend; said without a stack. */
export class StartError extends Error { override readonly name = 'StartError' }

const SETUP_FILE = 'setup.json';
/** Who supervises this folder now, and where it is asked; read by `novactl local`. */
const SUPERVISOR_FILE = 'supervisor.json';

/** The set-up of a data folder, made at the first start. @throws StartError when what is asked for now is not what it was made with */
export async function settleSetup(data: string, wanted: { readonly members: number | undefined; readonly port: number | undefined; readonly kubernetes?: boolean | undefined; readonly hub?: string | undefined }): Promise<Setup> {
  await mkdir(data, { recursive: true });
  const path = join(data, SETUP_FILE);
  const known = await readSetup(path);
  if (known !== undefined) {
    if (wanted.members !== undefined && wanted.members !== known.members) throw new StartError(`--members ${wanted.members.toString()}: ${data} was set up with ${known.members.toString()}; give another --data, or remove it`);
    if (wanted.port !== undefined && wanted.port !== known.firstPort) throw new StartError(`--port ${wanted.port.toString()}: ${data} was set up with ports from ${known.firstPort.toString()}; give another --data, or remove it`);
    if (wanted.kubernetes === true && !known.kubernetes) throw new StartError(`--kubernetes: ${data} was set up with folders for clusters; give another --data, or remove it`);
    if (wanted.hub !== undefined && wanted.hub !== known.hub) throw new StartError(`--hub ${wanted.hub}: ${data} was set up ${known.hub === undefined ? 'as a mesh' : `with ${known.hub}`}; give another --data, or remove it`);
    await requireFree(known, `stop that, or start with another --data and --port`);
    return known;
  }
  const members = wanted.members ?? 3;
  const names = NAMES.slice(0, members);
  if (wanted.hub !== undefined && !names.includes(wanted.hub)) throw new StartError(`--hub ${wanted.hub}: expected one of the members, ${names.join(', ')}`);
  const setup: Setup = { members, firstPort: wanted.port ?? (await findFreePorts(portsNeeded(members))), kubernetes: wanted.kubernetes ?? false, ...(wanted.hub !== undefined && { hub: wanted.hub }) };
  await requireFree(setup, 'stop that, or give another --port, or none');
  await replaceFile(path, setup, undefined);
  return setup;
}

/** @throws StartError when the file is damaged: the ports it named stand in the members' manifests */
async function readSetup(path: string): Promise<Setup | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return setupSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new StartError(`${path} is damaged; put back {"members":N,"firstPort":P} as they were (the endpoints are in clusters/*/novaedge-system), or give another --data`, { cause });
  }
}

async function requireFree({ members, firstPort }: Setup, wayOut: string): Promise<void> {
  const count = portsNeeded(members);
  const taken = await firstTaken(firstPort, count);
  if (taken !== undefined) throw new StartError(`port ${taken.toString()} is in use by another program, and ${members.toString()} members need all from ${firstPort.toString()} to ${(firstPort + count - 1).toString()}; ${wayOut}`);
}

const supervisorSchema = z.object({ pid: z.number().int(), url: z.string(), token: z.string() });

/** @throws StartError when a federation runs on this data already */
export async function requireUnsupervised(data: string): Promise<void> {
  const running = await readFile(join(data, SUPERVISOR_FILE), 'utf8').then((text) => supervisorSchema.parse(JSON.parse(text)), () => undefined);
  if (running === undefined || !isAlive(running.pid)) return;
  const answers = await fetch(`${running.url}/status`, { headers: { authorization: `Bearer ${running.token}` }, signal: AbortSignal.timeout(2000) }).then((response) => response.ok, () => false);
  if (answers) throw new StartError(`a federation runs on ${data} already (process ${running.pid.toString()}); stop it with Ctrl-C there, or give another --data`);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function writeSupervisorFile(data: string, supervisor: { readonly url: string; readonly token: string }): Promise<void> {
  await replaceFile(join(data, SUPERVISOR_FILE), { pid: process.pid, ...supervisor }, 0o600);
}

/** Whole or not at all. */
async function replaceFile(path: string, value: unknown, mode: number | undefined): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify(value)}\n`, { mode });
  await rename(`${path}.new`, path);
}

export const removeSupervisorFile = (data: string): Promise<void> => rm(join(data, SUPERVISOR_FILE), { force: true });
