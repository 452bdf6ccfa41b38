import { resourceName } from '../names.ts';
import type { ConfigFile } from './fields.ts';

/** A field that is wrong, as `members[1].domain`, and what is wrong with it and accepted. */
export interface Mistake { readonly field: string; readonly problem: string }

type MemberEntry = ConfigFile['members'][number];

/** What the fields of a file, each right by itself, ask of each other. */
export function crossChecks(file: ConfigFile): readonly Mistake[] {
  const { members, hub, account, peerDomains } = file;
  const names = members.map(({ name }) => name).join(', ');
  return [
    ...(hub !== undefined && !members.some(({ name }) => name === hub) ? [{ field: 'hub', problem: `is "${hub}": expected one of the members, ${names}` }] : []),
    ...members.flatMap((member, at) => [
      ...twice(members, at, 'name', ({ name }) => resourceName(name)),
      ...twice(members, at, 'domain', ({ domain }) => domain.toLowerCase()),
      ...arn(member, at, 'certificateArn', account),
      ...arn(member, at, 'ownershipCertificateArn', account),
      ...arn(member, at, 'alarmTopicArn', undefined),
      ...outside(member, at, peerDomains),
    ]),
  ];
}

const fieldOf = (at: number, field: keyof MemberEntry): string => `members[${at.toString()}].${field}`;

/** Stacks are told apart by name, with "." and "-" alike; a domain belongs to one API. */
function twice(members: readonly MemberEntry[], at: number, field: 'name' | 'domain', same: (member: MemberEntry) => string): readonly Mistake[] {
  const earlier = members.findIndex((other, index) => index < at && members[at] !== undefined && same(other) === same(members[at]));
  if (earlier < 0) return [];
  return [{ field: fieldOf(at, field), problem: `is "${members[at]?.[field] ?? ''}", which is as good as that of members[${earlier.toString()}]: expected one of its own${field === 'name' ? ' ("." and "-" count as the same)' : ''}` }];
}

function arn(member: MemberEntry, at: number, field: 'certificateArn' | 'ownershipCertificateArn' | 'alarmTopicArn', account: string | undefined): readonly Mistake[] {
  const value = member[field];
  if (value === undefined) return [];
  const [, , , region = '', owner = ''] = value.split(':');
  const wrong = region !== member.awsRegion ? `is in ${region}: expected one in ${member.awsRegion}, where the member is` : undefined;
  const foreign = account !== undefined && owner !== account ? `belongs to account ${owner}: expected one of ${account}` : undefined;
  const problem = wrong ?? foreign;
  return problem === undefined ? [] : [{ field: fieldOf(at, field), problem }];
}

/** A member outside the domains that peers accept could never be called. */
function outside({ domain }: MemberEntry, at: number, peerDomains: readonly string[]): readonly Mistake[] {
  const isInside = (parent: string): boolean => domain.toLowerCase() === parent.toLowerCase() || domain.toLowerCase().endsWith(`.${parent.toLowerCase()}`);
  if (peerDomains.length === 0 || peerDomains.some(isInside)) return [];
  return [{ field: fieldOf(at, 'domain'), problem: `is "${domain}": expected one in ${peerDomains.join(' or ')}, or its parent listed in peerDomains` }];
}
