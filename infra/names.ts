/**
 * Names that more than one stack or a person has to know. Whatever nobody has to know is named by CloudFormation, so that what a removed
 * stack has left behind is in nobody's way.
 */

/** A member's name where no "." may stand. */
export const resourceName = (name: string): string => name.replaceAll('.', '-');

/** The ledger's global table has one name in all AWS regions. */
export const ledgerTableName = (federationId: string): string => `novaedge-${federationId}-ledger`;

export const ledgerStackName = (federationId: string): string => `novaedge-${federationId}-ledger`;

/** Not `novaedge-FEDERATION-MEMBER`: a member may be called `ledger`. */
export const regionStackName = (federationId: string, member: string): string => `novaedge-${federationId}-region-${resourceName(member)}`;

/** A user's own rules are attached to this bus (docs/events.md). */
export const busName = (federationId: string, member: string): string => `novaedge-${federationId}-${resourceName(member)}`;

export const dashboardName = (federationId: string, member: string): string => `novaedge-${federationId}-${resourceName(member)}`;
