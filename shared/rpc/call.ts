import type { Caller, Role } from './caller.ts';
import type { Answered } from './errors.ts';

/** One call on its way through the services. */
export interface Call {
  readonly caller: Caller;
  readonly correlationId: string;
  /** What the request was about, for the audit log: names only. */
  subject: Readonly<Record<string, string>>;
  /** The error it is answered with. */
  failed: (Answered & { readonly cause: unknown }) | undefined;
}

export const newCall = (caller: Caller, correlationId: string): Call => ({ caller, correlationId, subject: {}, failed: undefined });

/** The caller, whose role was checked before: another one is a mistake in authorization.ts. */
export function callerWithRole<Wanted extends Role>({ call: { caller } }: { readonly call: Call }, role: Wanted): Extract<Caller, { role: Wanted }> {
  if (!hasRole(caller, role)) throw new TypeError(`a ${caller.role} was let in to a method for ${role}s`);
  return caller;
}

const hasRole = <Wanted extends Role>(caller: Caller, role: Wanted): caller is Extract<Caller, { role: Wanted }> => caller.role === role;
