import { Agent } from 'node:https';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { codeFromString } from '@connectrpc/connect/protocol-connect';
import type { KeyedCertificate } from '../../shared/adapters/certificates/index.ts';
import { DEFAULT_LIMITS } from '../../shared/rpc/limits.ts';
import type { Role } from '../../shared/rpc/caller.ts';
import { ROLES } from '../../shared/rpc/caller.ts';
import type { Hostile } from './hostile-bodies.ts';
import { Dice, hostileBody } from './hostile-bodies.ts';
import type { Answer } from './post.ts';
import { post } from './post.ts';
import type { Method } from './requests.ts';
import { METHODS, methodNamed } from './requests.ts';
import type { World } from './world.ts';
import { agentCertificate, bridgeCertificate, LOCAL, memberCertificate, operatorCertificate, PEER, startWorld } from './world.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly bodies: number;
  /** Told every few thousand bodies how far it is. */
  readonly progress?: (sent: number) => void;
}

/** A body that was not answered as it should be; with the seed and its number it can be had again. */
export interface Finding { readonly number: number; readonly method: string; readonly kind: string; readonly problem: string; readonly body: string }
export interface FuzzReport {
  readonly sent: number;
  /** How often each code was answered. */
  readonly codes: Readonly<Record<string, number>>;
  readonly kinds: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
}

/** Bodies under way at once. */
const AT_ONCE = 8;
/** More of the same says nothing new. */
const MAX_FINDINGS = 20;
const PROGRESS_EVERY = 5000;
/** How much of a body a finding shows. */
const SHOWN_BYTES = 400;

/**
 * Sends hostile bodies to a real server over mutual TLS, as callers who may call. Every answer must be a message of the method or a
 * Connect error that blames the request; the server must stay, and serve a good request afterwards.
 */
export async function fuzz({ seed, bodies, progress }: FuzzOptions): Promise<FuzzReport> {
  const world = await startFuzzWorld();
  const agents = await callers(world);
  const dice = new Dice(seed);
  const codes: Record<string, number> = {};
  const kinds: Record<string, number> = {};
  const findings: Finding[] = [];
  let number = 0;
  const work = async (): Promise<void> => {
    while (number < bodies && findings.length < MAX_FINDINGS) {
      number += 1;
      const mine = number;
      const method = dice.pick(METHODS as [Method, ...Method[]]);
      const hostile = hostileBody(dice, method);
      const { code, problem } = await judge(world, agents[method.role], method, hostile);
      codes[code] = (codes[code] ?? 0) + 1;
      kinds[hostile.kind] = (kinds[hostile.kind] ?? 0) + 1;
      if (problem !== undefined) findings.push({ number: mine, method: `${method.role}.${method.name}`, kind: hostile.kind, problem, body: Buffer.from(hostile.body).subarray(0, SHOWN_BYTES).toString('base64') });
      if (mine % PROGRESS_EVERY === 0) progress?.(mine);
      world.handlers.calls.length = 0;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  findings.push(...(await aftermath(world, agents)));
  for (const agent of Object.values(agents)) agent.destroy();
  await world.stop();
  return { sent: number, codes, kinds, findings };
}

/** Quotas would keep most bodies from being read. */
function startFuzzWorld(): Promise<World> {
  const unlimited = { burst: 1e9, perSecond: 1e9 };
  const { roles } = DEFAULT_LIMITS;
  const limits = { ...DEFAULT_LIMITS, roles: { peer: { ...roles.peer, ...unlimited }, bridge: { ...roles.bridge, ...unlimited }, agent: { ...roles.agent, ...unlimited }, operator: { ...roles.operator, ...unlimited } } };
  return startWorld({ app: { limits } });
}

async function callers({ authorities }: World): Promise<Record<Role, Agent>> {
  const certificates: Record<Role, KeyedCertificate> = {
    peer: await memberCertificate(authorities.peer, PEER), bridge: await bridgeCertificate(authorities.bridge, LOCAL),
    agent: await agentCertificate(authorities.agent, LOCAL, undefined), operator: await operatorCertificate(authorities.operator, 'admin'),
  };
  const entries = ROLES.map((role) => [role, new Agent({ keepAlive: true, maxSockets: AT_ONCE, rejectUnauthorized: false, cert: certificates[role].certificatePem, key: certificates[role].privateKeyPem })] as const);
  return Object.fromEntries(entries) as Record<Role, Agent>;
}

async function judge(world: World, agent: Agent, method: Method, { body, headers }: Hostile): Promise<{ readonly code: string; readonly problem: string | undefined }> {
  try {
    const answer = await post({ port: world.server.port, path: method.path, body, headers, agent });
    return { code: answer.code, problem: problemOf(method, answer) };
  } catch (error) {
    return { code: 'none', problem: `no answer: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function problemOf(method: Method, answer: Answer): string | undefined {
  if (answer.status === 200) return unreadable(method, answer);
  if (codeFromString(answer.code) === undefined) return `HTTP ${answer.status.toString()} without a Connect error: ${answer.code}`;
  if (answer.code === 'internal' || answer.code === 'unknown') return `${answer.code}: ${answer.message}`;
  if (/\n {4}at |node_modules|\.ts:/.test(answer.body.toString())) return 'the answer shows a stack';
  return undefined;
}

function unreadable(method: Method, { headers, body }: Answer): string | undefined {
  const encoding = headers['content-encoding'];
  const bytes = encoding === 'gzip' ? gunzipSync(body) : encoding === 'br' ? brotliDecompressSync(body) : body;
  try {
    if (headers['content-type'] === 'application/json') fromJsonString(method.desc.output, bytes.toString());
    else fromBinary(method.desc.output, bytes);
    return undefined;
  } catch (error) {
    return `the answer cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What must still be so when all was sent. */
async function aftermath(world: World, agents: Record<Role, Agent>): Promise<readonly Finding[]> {
  const finding = (problem: string): Finding => ({ number: 0, method: '', kind: 'afterwards', problem, body: '' });
  const good: readonly (readonly [Role, string])[] = [['peer', 'pull'], ['bridge', 'pull'], ['agent', 'poll'], ['operator', 'status']];
  const found: Finding[] = [];
  for (const [role, name] of good) {
    const method = methodNamed(role, name);
    const answer = await judge(world, agents[role], method, { kind: 'good', body: method.binary, headers: { 'content-type': 'application/proto' } });
    if (answer.code !== 'ok') found.push(finding(`a good ${role}.${name} is answered ${answer.code}`));
  }
  const errors = world.events.filter(({ level }) => level === 'error');
  return [...found, ...errors.slice(0, 3).map(({ event, fields }) => finding(`logged ${event}: ${JSON.stringify(fields)}`))];
}
