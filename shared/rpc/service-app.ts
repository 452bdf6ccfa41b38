import { Hono } from 'hono';
import type { CallServerOptions } from './call-server.ts';
import { HEALTH_PATH, HEALTH_TEXT, createCallServer } from './call-server.ts';

/** The services offered as one Hono app, to which a program may add routes of its own. */
export function createServiceApp(options: CallServerOptions): Hono {
  const server = createCallServer(options);
  const app = new Hono();
  app.get(HEALTH_PATH, (context) => context.text(HEALTH_TEXT));
  for (const path of server.paths) app.all(path, ({ req, env }) => server.serve(req.raw, env));
  app.notFound(({ req, env }) => server.serve(req.raw, env));
  app.onError((error, { req }) => server.failed(req.raw, error));
  return app;
}
