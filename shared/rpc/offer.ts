import type { DescService } from '@bufbuild/protobuf';
import type { ServiceImpl } from '@connectrpc/connect';
import type { Role } from './caller.ts';

/**
 * A service that a program offers, to callers of one role. Each stands in the file of its service, so that a program brings along
 * the messages of those it offers and no others: on Lambda that is a third of the bundle.
 */
export interface Offer {
  readonly role: Role;
  readonly service: DescService;
  /** A method that is not implemented is answered as not there. */
  readonly implement: (federationId: string) => Partial<ServiceImpl<DescService>>;
}

/** An offer, with its implementation held against its service. */
export const offer = <Service extends DescService>(role: Role, service: Service, implement: (federationId: string) => Partial<ServiceImpl<Service>>): Offer =>
  ({ role, service, implement });
