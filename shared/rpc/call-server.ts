import type { Clock, Random } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import type { MethodType } from '../wire/codec/message-type.ts';
import { PACKAGE } from '../wire/codec/message-type.ts';
import { COMPRESSIONS } from '../wire/compression.ts';
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
import { errorAnswer } from './error-answer.ts';
import { answerFor, withDetail } from './errors.ts';
import type { Answered } from './errors.ts';
import type { IdentityPolicy } from './identity.ts';
import { identify } from './identity.ts';
import type { RpcLimits } from './limits.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { HttpAnswer, HttpApp, HttpCall } from './http-call.ts';
import type { AnyMethod, Offer } from './offer.ts';
import type { JsonCoding } from './unary-server.ts';
import { serveUnary } from './unary-server.ts';

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
  /** Takes and answers messages in JSON too. Default: in binary alone; descriptors and what reads them would be a third of a function's bundle. */
  readonly json?: JsonCoding;
  /** Where the client's certificate is, in what the runtime hands over with a request. Default: a TLS socket (node-server.ts). */
  readonly clientCertificate?: (environment: unknown) => ClientCertificate | undefined;
}

/** Answered to anybody, without a certificate. */
export const HEALTH_PATH = '/healthz';
export const HEALTH: HttpAnswer = { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from('ok\n') };

/** Bytes of randomness in a correlation id made here. */
const CORRELATION_BYTES = 12;

/** The services offered, one path for each method. Its `serve` never throws: what goes wrong is answered. */
export interface CallServer extends HttpApp {
  /** What went wrong outside of any call: answered, and logged. */
  failed(http: HttpCall, error: unknown): HttpAnswer;
}

/** A method that is offered, by its path. */
interface Offered { readonly role: Role; readonly rule: Rule; readonly name: string; readonly type: MethodType; readonly method: AnyMethod }

/**
 * The services offered, the same under Node (node-server.ts) and on Lambda. Each call is identified by its
 * certificate, authorized and counted in before anything of its body is read.
 */
export function createCallServer(options: CallServerOptions): CallServer {
  const { offers, identity, limits = DEFAULT_LIMITS, clock, random, logger, compression = true, json, clientCertificate = certificateOfSocket } = options;
  const admission = new Admission(limits.roles, () => clock.nowMs());
  const byPath = new Map(offers.flatMap((offered) => methodsOf(offered, identity.federationId)));
  const { responseBytes, callTimeoutMs } = limits;
  const serverOptions = { responseBytes, callTimeoutMs, clock, compressions: compression ? COMPRESSIONS : [], json };

  const answer = async ({ role, rule, name, type, method }: Offered, http: HttpCall, environment: unknown): Promise<HttpAnswer> => {
    const correlationId = correlationIdOf(http, random);
    const startedMs = clock.nowMs();
    let call: Call | undefined;
    let answered: (Answered & { readonly cause: unknown }) | undefined;
    let result: HttpAnswer;
    try {
      const caller = await identify(identity, clientCertificate(environment), clock.nowMs());
      const admitted = newCall(caller, correlationId);
      call = admitted;
      await requireAllowed(rule, caller, identity);
      const leave = admission.enter(caller);
      try {
        result = await withCorrelation(correlationId, () => serveUnary(type, method, http, admitted, { ...serverOptions, requestBytes: limits.roles[role].requestBytes }));
      } finally {
        leave();
      }
      answered = admitted.failed;
    } catch (error) {
      answered = { ...answerFor(error, correlationId), cause: error };
      result = errorAnswer(answered.error);
    }
    logCall(logger, { method: name, correlationId, durationMs: clock.nowMs() - startedMs, call, answered });
    return { ...result, headers: { ...result.headers, [CORRELATION_HEADER]: correlationId } };
  };
  const failed = (http: HttpCall, error: unknown): HttpAnswer => {
    const answered = answerFor(error, correlationIdOf(http, random));
    logCall(logger, { method: 'none', correlationId: 'none', durationMs: 0, call: undefined, answered: { ...answered, cause: error } });
    return errorAnswer(answered.error);
  };

  return {
    failed,
    serve: async (http, environment) => {
      if (http.path === HEALTH_PATH && (http.method === 'GET' || http.method === 'HEAD')) return HEALTH;
      const known = byPath.get(http.path);
      if (known === undefined) return errorAnswer(withDetail('there is no such service or method here', 'unimplemented', 'unsupported', correlationIdOf(http, random)), 404);
      return answer(known, http, environment).catch((error: unknown) => failed(http, error));
    },
  };
}

/** The methods of an offer that are implemented, by path. */
function methodsOf({ role, service, implement }: Offer, federationId: string): readonly (readonly [path: string, Offered])[] {
  const types: Readonly<Record<string, MethodType>> = service.methods;
  return Object.entries(implement(federationId)).map(([localName, method]) => {
    const type = types[localName];
    if (type === undefined) throw new TypeError(`${service.name} has no method ${localName}`);
    return [`/${PACKAGE}${service.name}/${type.name}`, { role, rule: ruleOf(role, localName), name: `${service.name}/${type.name}`, type, method }];
  });
}

/** The rule of a method. Every method has one: the table does not compile otherwise. */
function ruleOf(role: Role, method: string): Rule {
  const rules: Readonly<Record<string, Rule>> = AUTHORIZATION[role];
  const rule = rules[method];
  if (rule === undefined) throw new TypeError(`${role} method ${method} has no rule in authorization.ts`);
  return rule;
}

function correlationIdOf({ header }: HttpCall, random: Random): string {
  const given = header(CORRELATION_HEADER);
  return isCorrelationId(given) ? given : Buffer.from(random.bytes(CORRELATION_BYTES)).toString('hex');
}
