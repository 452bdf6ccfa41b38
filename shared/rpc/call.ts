import type { ContextValues, HandlerContext } from '@connectrpc/connect';
import { createContextKey, createContextValues } from '@connectrpc/connect';
import type { Caller, Role } from './caller.ts';
import type { Answered } from './errors.ts';

/** One call on its way through the services. */
export interface Call {
  readonly caller: Caller;
  readonly correlationId: string;
  /** How far it came: what fails before `running` is the request's fault, what fails after it the answer's. */
  stage: 'reading' | 'running' | 'answering';
  /** What the request was about, for the audit log: names only. */
  subject: Readonly<Record<string, string>>;
  /** The error it is answered with. */
  failed: (Answered & { readonly cause: unknown }) | undefined;
}

export const newCall = (caller: Caller, correlationId: string): Call => ({ caller, correlationId, stage: 'reading', subject: {}, failed: undefined });

const callKey = createContextKey<Call | undefined>(undefined, { description: 'the call being served' });

export const valuesFor = (call: Call): ContextValues => createContextValues().set(callKey, call);

/** The call that a context belongs to. */
export function callOf(values: ContextValues): Call {
  const call = values.get(callKey);
  if (call === undefined) throw new TypeError('a service was reached around the app, which knows the caller');
  return call;
}

/** The caller, whose role was checked before: another one is a mistake in authorization.ts. */
export function callerWithRole<Wanted extends Role>(context: Pick<HandlerContext, 'values'>, role: Wanted): Extract<Caller, { role: Wanted }> {
  const { caller } = callOf(context.values);
  if (!hasRole(caller, role)) throw new TypeError(`a ${caller.role} was let in to a method for ${role}s`);
  return caller;
}

const hasRole = <Wanted extends Role>(caller: Caller, role: Wanted): caller is Extract<Caller, { role: Wanted }> => caller.role === role;
