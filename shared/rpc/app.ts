import { Code } from '@connectrpc/connect';
import { Hono } from 'hono';
import type { Clock, Random } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { CORRELATION_HEADER, isCorrelationId, withCorrelation } from '../wire/correlation.ts';
import { Admission } from './admission.ts';
import type { Rule } from './authorization.ts';
import { AUTHORIZATION, requireAllowed } from './authorization.ts';
import type { Call } from './call.ts';
import { newCall } from './call.ts';
import { logCall } from './call-log.ts';
import type { Role } from './caller.ts';
import type { ClientCertificate } from './certificate.ts';
import { certificateOfSocket } from './certificate-sources.ts';
import type { Handlers } from './connect-handlers.ts';
import { connectHandlers, errorResponse, serveCall } from './connect-handlers.ts';
import { answerFor, withDetail } from './errors.ts';
import type { Answered } from './errors.ts';
import type { IdentityPolicy } from './identity.ts';
import { identify } from './identity.ts';
import type { RpcLimits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';

export interface AppOptions {
  /** The services offered: those that have handlers. */
  readonly handlers: Handlers;
  readonly identity: IdentityPolicy;
  readonly logger: Logger;
  readonly clock: Clock;
  /** For correlation ids. */
  readonly random: Random;
  readonly limits?: RpcLimits;
  /** Gzip and brotli, both ways. Default true. */
  readonly compression?: boolean;
  /** Where the client's certificate is, in what the runtime hands over with a request. Default: a TLS socket (node-server.ts). */
  readonly clientCertificate?: (environment: unknown) => ClientCertificate | undefined;
}

/** Bytes of randomness in a correlation id made here. */
const CORRELATION_BYTES = 12;

/**
 * The services as one Hono app, the same under Node (node-server.ts) and on Lambda. Each call is identified by its certificate,
 * authorized and counted in before anything of its body is read.
 */
export function createApp(options: AppOptions): Hono {
  const { handlers, identity, limits = DEFAULT_LIMITS, clock, random, logger, compression = true, clientCertificate = certificateOfSocket } = options;
  const admission = new Admission(limits.roles, () => clock.nowMs());
  const app = new Hono();

  app.get('/healthz', (context) => context.text('ok\n'));

  for (const { role, handler } of connectHandlers(handlers, { federationId: identity.federationId, limits, clock, compression })) {
    const rule = ruleOf(role, handler.method.localName);
    app.all(handler.requestPath, async ({ req, env }) => {
      const correlationId = correlationIdOf(req.raw, random);
      const startedMs = clock.nowMs();
      const method = `${handler.service.name}/${handler.method.name}`;
      let call: Call | undefined;
      let answered: (Answered & { readonly cause: unknown }) | undefined;
      let response: Response;
      try {
        const caller = await identify(identity, clientCertificate(env), clock.nowMs());
        const admitted = newCall(caller, correlationId);
        call = admitted;
        await requireAllowed(rule, caller, identity);
        const leave = admission.enter(caller);
        try {
          response = await withCorrelation(correlationId, () => serveCall(handler, req.raw, admitted));
        } finally {
          leave();
        }
        answered = admitted.failed;
      } catch (error) {
        answered = { ...answerFor(error, correlationId), cause: error };
        response = errorResponse(answered.error);
      }
      response.headers.set(CORRELATION_HEADER, correlationId);
      logCall(logger, { method, correlationId, durationMs: clock.nowMs() - startedMs, call, answered });
      return response;
    });
  }

  app.notFound(({ req }) => errorResponse(withDetail('there is no such service or method here', Code.Unimplemented, 'unsupported', correlationIdOf(req.raw, random)), 404));
  app.onError((error, { req }) => {
    const answered = answerFor(error, correlationIdOf(req.raw, random));
    logCall(logger, { method: 'none', correlationId: 'none', durationMs: 0, call: undefined, answered: { ...answered, cause: error } });
    return errorResponse(answered.error);
  });
  return app;
}

/** The rule of a method. Every method has one: the table does not compile otherwise. */
function ruleOf(role: Role, method: string): Rule {
  const rules: Readonly<Record<string, Rule>> = AUTHORIZATION[role];
  const rule = rules[method];
  if (rule === undefined) throw new TypeError(`${role} method ${method} has no rule in authorization.ts`);
  return rule;
}

function correlationIdOf(request: Request, random: Random): string {
  const given = request.headers.get(CORRELATION_HEADER);
  return isCorrelationId(given) ? given : Buffer.from(random.bytes(CORRELATION_BYTES)).toString('hex');
}
