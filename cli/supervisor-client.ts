import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { RequestOptions } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { ReplicaErrorCode } from '../shared/ports/errors.ts';
import { CommandError, isSystemError } from './errors.ts';
import type { LocalControl, LocalLink, LocalMember, LocalStatus } from './local-control.ts';

const addressSchema = z.object({ url: z.string().regex(/^(?:unix:\/.+|http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost):\d+\/?)$/), token: z.string().min(1) });
const memberSchema = z.object({
  name: z.string(), state: z.enum(['running', 'starting', 'stopped', 'failed']), endpoint: z.string(), folder: z.string(), pid: z.number().nullable(), error: z.string().nullable(), problems: z.array(z.string()),
});
const linkSchema = z.object({ a: z.string(), b: z.string(), rpcOnly: z.boolean() });
const linksSchema = z.array(linkSchema);
const statusSchema = z.object({ federationId: z.string(), members: z.array(memberSchema), links: linksSchema });
const errorSchema = z.object({ error: z.string() });

const CODES: Readonly<Record<number, ReplicaErrorCode>> = { 400: 'invalid', 401: 'refused', 404: 'not-found', 409: 'conflict' };
/** A member that starts has a store to open and peers to greet. */
const TIMEOUT_MS = 30_000;

/** The supervisor of a local federation, over HTTP (local-control.ts has the contract). */
export class SupervisorClient implements LocalControl {
  readonly #dataFolder: string;
  readonly #signal: AbortSignal;

  constructor(dataFolder: string, signal: AbortSignal) {
    this.#dataFolder = dataFolder;
    this.#signal = signal;
  }

  localStatus(): Promise<LocalStatus> { return this.#call(statusSchema, 'GET', '/status'); }
  stopMember(name: string): Promise<LocalMember> { return this.#call(memberSchema, 'POST', `/members/${encodeURIComponent(name)}/stop`); }
  startMember(name: string): Promise<LocalMember> { return this.#call(memberSchema, 'POST', `/members/${encodeURIComponent(name)}/start`); }
  cut(a: string, b: string, { rpcOnly }: { readonly rpcOnly: boolean }): Promise<readonly LocalLink[]> { return this.#call(linksSchema, 'POST', '/links', { a, b, cut: true, rpcOnly }); }
  heal(a: string, b: string): Promise<readonly LocalLink[]> { return this.#call(linksSchema, 'POST', '/links', { a, b, cut: false, rpcOnly: false }); }

  async #call<T>(schema: z.ZodType<T>, method: string, path: string, body?: unknown): Promise<T> {
    const { status, answer } = await this.#send(method, path, body);
    if (status !== 200) {
      const told = errorSchema.safeParse(answer);
      throw new CommandError(CODES[status] ?? 'unavailable', told.success ? told.data.error : `the local federation answered ${status.toString()} to ${method} ${path}`);
    }
    const parsed = schema.safeParse(answer);
    if (!parsed.success) throw new CommandError('unavailable', `the local federation answered ${method} ${path} with something else than expected: is it of the same version as novactl?`, { cause: parsed.error });
    return parsed.data;
  }

  async #send(method: string, path: string, body: unknown): Promise<{ readonly status: number; readonly answer: unknown }> {
    const { url, token } = this.#address();
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const where: RequestOptions = url.startsWith('unix:') ? { socketPath: url.slice('unix:'.length), path } : { ...hostAndPort(url), path };
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(TIMEOUT_MS)]);
    return new Promise((resolve, reject) => {
      const call = request({ ...where, method, signal, agent: false, headers: { authorization: `Bearer ${token}`, ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }) } }, (response) => {
        text(response).then((said) => { resolve({ status: response.statusCode ?? 0, answer: parseAnswer(said) }); }, reject);
      });
      call.on('error', (error) => { reject(this.#signal.aborted && this.#signal.reason instanceof Error ? this.#signal.reason : this.#explain(error, url)); });
      call.end(sent);
    });
  }

  #address(): { readonly url: string; readonly token: string } {
    const path = join(this.#dataFolder, 'supervisor.json');
    try {
      const parsed = addressSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
      if (parsed.success) return parsed.data;
    } catch (cause) {
      if (isSystemError(cause)) throw new CommandError('unavailable', `no local federation is running with its data in ${this.#dataFolder}: there is no supervisor.json there. Start one with npm start, or give --data DIR`, { cause });
      if (!(cause instanceof SyntaxError)) throw cause;
    }
    throw new CommandError('invalid', `${path} does not say where the supervisor listens; restart the local federation`);
  }

  #explain(cause: Error, url: string): Error {
    const isGone = isSystemError(cause) && (cause.code === 'ECONNREFUSED' || cause.code === 'ENOENT');
    const why = isGone ? 'nothing listens there any more' : cause.name === 'TimeoutError' ? 'no answer came in time' : cause.message;
    return new CommandError('unavailable', `the local federation cannot be reached at ${url}: ${why}. Start it again with npm start`, { cause });
  }
}

function hostAndPort(url: string): { readonly host: string; readonly port: string } {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port };
}

function parseAnswer(said: string): unknown {
  try {
    return JSON.parse(said);
  } catch {
    return undefined; // Not JSON: whoever looks at the answer finds that it is not what was expected.
  }
}
