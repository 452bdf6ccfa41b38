import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import type { GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import type { ServiceType } from '../wire/codec/message-type.ts';
import type { Call } from './call.ts';
import type { Role } from './caller.ts';

/** What a method is told besides its request. */
export interface CallContext {
  readonly call: Call;
  /** Ends with the caller, and when there is no time left. */
  readonly signal: AbortSignal;
}

/** A service's methods as they are done. */
export type Methods<Service> = Service extends ServiceType<infer Named extends GenServiceMethods>
  ? { readonly [Name in keyof Named]: (request: MessageShape<Named[Name]['input']>, context: CallContext) => Promise<MessageInitShape<Named[Name]['output']>> }
  : never;

/** A method whose messages' types are known to who made it. */
export type AnyMethod = (request: never, context: CallContext) => Promise<object>;

/**
 * A service that a program offers, to callers of one role. Each stands in the file of its service, so that a program brings along
 * the messages of those it offers and no others: on Lambda that is a third of the bundle.
 */
export interface Offer {
  readonly role: Role;
  readonly service: ServiceType;
  /** A method that is not implemented is answered as not there. */
  readonly implement: (federationId: string) => Readonly<Record<string, AnyMethod>>;
}

/** An offer, with its implementation held against its service. */
export const offer = <Service extends ServiceType>(role: Role, service: Service, implement: (federationId: string) => Partial<Methods<Service>>): Offer =>
  ({ role, service, implement: (federationId) => implement(federationId) as Readonly<Record<string, AnyMethod>> });
