import { Code } from '@connectrpc/connect';
import type { UniversalHandler } from '@connectrpc/connect/protocol';
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
import { connectHandlers, errorResponse, serveCall } from './connect-handlers.ts';
import { answerFor, withDetail } from './errors.ts';
import type { Answered } from './errors.ts';
import type { IdentityPolicy } from './identity.ts';
import { identify } from './identity.ts';
import type { RpcLimits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Offer } from './offer.ts';

export interface CallServerOptions {
  readonly offers: readonly Offer[];
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

/** Answered to anybody, without a certificate. */
export const HEALTH_PATH = '/healthz';
export const HEALTH_TEXT = 'ok\n';

/** Bytes of randomness in a correlation id made here. */
const CORRELATION_BYTES = 12;

/** The services offered, one path for each method. `environment` is what the runtime hands over with a request. */
export interface CallServer {
  readonly paths: readonly string[];
  /** Never throws: what goes wrong is answered. */
  serve(request: Request, environment: unknown): Promise<Response>;
  /** What went wrong outside of any call: answered, and logged. */
  failed(request: Request, error: unknown): Response;
}

/**
 * The services offered, the same under Node (service-app.ts, node-server.ts) and on Lambda. Each call is identified by its
 * certificate, authorized and counted in before anything of its body is read.
 */
export function createCallServer(options: CallServerOptions): CallServer {
  const { offers, identity, limits = DEFAULT_LIMITS, clock, random, logger, compression = true, clientCertificate = certificateOfSocket } = options;
  const admission = new Admission(limits.roles, () => clock.nowMs());
  const handlers = connectHandlers(offers, { federationId: identity.federationId, limits, clock, compression });
  const byPath = new Map(handlers.map(({ role, handler }) => [handler.requestPath, { handler, rule: ruleOf(role, handler.method.localName) }]));

  const answer = async (handler: UniversalHandler, rule: Rule, request: Request, environment: unknown): Promise<Response> => {
    const correlationId = correlationIdOf(request, random);
    const startedMs = clock.nowMs();
    const method = `${handler.service.name}/${handler.method.name}`;
    let call: Call | undefined;
    let answered: (Answered & { readonly cause: unknown }) | undefined;
    let response: Response;
    try {
      const caller = await identify(identity, clientCertificate(environment), clock.nowMs());
      const admitted = newCall(caller, correlationId);
      call = admitted;
      await requireAllowed(rule, caller, identity);
      const leave = admission.enter(caller);
      try {
        response = await withCorrelation(correlationId, () => serveCall(handler, request, admitted));
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
  };
  const failed = (request: Request, error: unknown): Response => {
    const answered = answerFor(error, correlationIdOf(request, random));
    logCall(logger, { method: 'none', correlationId: 'none', durationMs: 0, call: undefined, answered: { ...answered, cause: error } });
    return errorResponse(answered.error);
  };

  return {
    paths: [...byPath.keys()],
    failed,
    serve: async (request, environment) => {
      const known = byPath.get(new URL(request.url).pathname);
      if (known === undefined) return errorResponse(withDetail('there is no such service or method here', Code.Unimplemented, 'unsupported', correlationIdOf(request, random)), 404);
      return answer(known.handler, known.rule, request, environment).catch((error: unknown) => failed(request, error));
    },
  };
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
