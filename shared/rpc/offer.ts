import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { MethodType } from '../wire/codec/message-type.ts';
import type { Call } from './call.ts';
import type { Role } from './caller.ts';

/** What a method is told besides its request. */
export interface CallContext {
  readonly call: Call;
  /** Ends with the caller, and when there is no time left. */
  readonly signal: AbortSignal;
}

type Done<Type> = Type extends MethodType<infer Input, infer Output> ? (request: MessageShape<Input>, context: CallContext) => Promise<MessageInitShape<Output>> : never;

/** A service, or a part of one, as a table has it: its methods by their names in JavaScript. */
export interface ServicePart { readonly name: string; readonly methods: Readonly<Record<string, MethodType>> }

/** A service's methods as they are done. */
export type Methods<Service extends ServicePart> = { readonly [Name in keyof Service['methods']]: Done<Service['methods'][Name]> };

/** A part of a service, for a program that offers no more of it and holds the messages of these methods alone. */
export const serviceOf = <Named extends ServicePart['methods']>(name: string, methods: Named): { readonly name: string; readonly methods: Named } => ({ name, methods });

/** A method whose messages' types are known to who made it. */
export type AnyMethod = (request: never, context: CallContext) => Promise<object>;

/**
 * A service that a program offers, to callers of one role. Each stands in the file of its service, so that a program brings along
 * the messages of those it offers and no others: on Lambda that is a third of the bundle.
 */
export interface Offer {
  readonly role: Role;
  readonly service: ServicePart;
  /** A method that is not implemented is answered as not there. */
  readonly implement: (federationId: string) => Readonly<Record<string, AnyMethod>>;
}

/** An offer, with its implementation held against its service. */
export const offer = <Service extends ServicePart>(role: Role, service: Service, implement: (federationId: string) => Partial<Methods<Service>>): Offer =>
  ({ role, service, implement: (federationId) => implement(federationId) as Readonly<Record<string, AnyMethod>> });
