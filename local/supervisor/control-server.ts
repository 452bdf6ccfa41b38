import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Supervisor } from './supervisor.ts';
import { UnknownMemberError } from './supervisor.ts';

const linkSchema = z.strictObject({ a: z.string(), b: z.string(), cut: z.boolean(), rpcOnly: z.boolean() });
const TOKEN_BYTES = 32;
const MAX_BODY_BYTES = 4096;

/** How `novactl local` steers this supervisor; the contract stands in cli/local-control.ts. */
export interface ControlServer { readonly url: string; readonly token: string; close(): void }

export async function startControlServer(supervisor: Supervisor): Promise<ControlServer> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const app = controlApp(supervisor, token);
  const server: Server = createServer((incoming, outgoing) => {
    void readBody(incoming)
      .then((body) => app.fetch(new Request(`http://local${incoming.url ?? '/'}`, { method: incoming.method ?? 'GET', headers: { authorization: incoming.headers.authorization ?? '' }, ...(body === '' ? {} : { body }) })))
      .then(async (response) => { outgoing.writeHead(response.status, { 'content-type': 'application/json' }).end(await response.text()); })
      .catch(() => { outgoing.destroy(); });
  });
  await new Promise<void>((resolve, reject) => { server.once('error', reject).listen(0, '127.0.0.1', () => { resolve(); }); });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`, token, close: () => { server.close(); server.closeAllConnections(); } };
}

function controlApp(supervisor: Supervisor, token: string): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    if (!isSame(context.req.header('authorization') ?? '', `Bearer ${token}`)) return context.json({ error: 'the token of supervisor.json is needed' }, 401);
    return next();
  });
  app.get('/status', (context) => context.json({ federationId: supervisor.plan.federationId, members: supervisor.members(), links: supervisor.links() }));
  app.post('/members/:name/start', async (context) => {
    await supervisor.startMember(context.req.param('name'));
    return context.json(supervisor.member(context.req.param('name')));
  });
  app.post('/members/:name/stop', async (context) => {
    await supervisor.stopMember(context.req.param('name'));
    return context.json(supervisor.member(context.req.param('name')));
  });
  app.post('/links', async (context) => {
    const link = linkSchema.safeParse(await context.req.json().catch(() => undefined));
    if (!link.success) return context.json({ error: `links: ${z.prettifyError(link.error)}` }, 400);
    const { a, b, cut, rpcOnly } = link.data;
    if (a === b) return context.json({ error: `${a} cannot be cut from itself; name two members` }, 400);
    supervisor.setLink(a, b, cut, cut && rpcOnly);
    return context.json(supervisor.links());
  });
  app.notFound((context) => context.json({ error: 'there is no such command' }, 404));
  app.onError((error, context) => context.json({ error: error.message }, error instanceof UnknownMemberError ? 404 : 500));
  return app;
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of incoming as AsyncIterable<Buffer>) {
    parts.push(part);
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) throw new RangeError('the body is too long');
  }
  return Buffer.concat(parts).toString();
}

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
