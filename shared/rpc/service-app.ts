import { Hono } from 'hono';
import type { CallServerOptions } from './call-server.ts';
import { HEALTH_PATH, HEALTH_TEXT, createCallServer } from './call-server.ts';
import type { HttpAnswer, HttpCall } from './http-call.ts';

/** The services offered as one Hono app, to which a program may add routes of its own. */
export function createServiceApp(options: CallServerOptions): Hono {
  const server = createCallServer(options);
  const app = new Hono();
  const serve = async ({ req, env }: { readonly req: { readonly raw: Request }; readonly env: unknown }): Promise<Response> => responseOf(await server.serve(callOf(req.raw), env));
  app.get(HEALTH_PATH, (context) => context.text(HEALTH_TEXT));
  for (const path of server.paths) app.all(path, serve);
  app.notFound(serve);
  app.onError((error, { req }) => responseOf(server.failed(callOf(req.raw), error)));
  return app;
}

const callOf = (request: Request): HttpCall => ({
  method: request.method,
  path: new URL(request.url).pathname,
  header: (name) => request.headers.get(name) ?? undefined,
  body: () => chunksOf(request),
  signal: request.signal,
});

async function* chunksOf({ body }: Request): AsyncGenerator<Uint8Array> {
  if (body !== null) for await (const chunk of body as ReadableStream<Uint8Array>) yield chunk;
}

const responseOf = ({ status, headers, body }: HttpAnswer): Response => new Response(Uint8Array.from(body), { status, headers });
