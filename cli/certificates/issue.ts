import type { KeyedCertificate, Validity } from '../../shared/adapters/certificates/index.ts';
import { issueAgentCertificate, issueBridgeCertificate, issueMemberCertificate, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import type { Member } from '../../shared/model/ids.ts';
import type { OperatorLevel } from '../../shared/wire/identity-name.ts';
import { CommandError } from '../errors.ts';
import { openAuthorities } from './authorities.ts';
import type { Authorities } from './authorities.ts';
import type { WrittenPair } from './key-files.ts';
import { writePairs } from './key-files.ts';

/** Who a certificate is for. */
export type Holder =
  | { readonly role: 'member'; readonly member: Member; readonly hosts: readonly string[] }
  | { readonly role: 'bridge'; readonly member: Member }
  | { readonly role: 'agent'; readonly member: Member; readonly node: string | undefined }
  | { readonly role: 'operator'; readonly name: string; readonly level: OperatorLevel };

/**
 * Issues a certificate by the authorities in a folder, and writes it there with its key.
 *
 * @throws CommandError for a name that is none, without authorities, and where the files are there already
 */
export async function issueInto(folder: string, holder: Holder, validity: Validity): Promise<readonly WrittenPair[]> {
  const authorities = openAuthorities(folder);
  try {
    return writePairs(folder, [{ name: fileName(holder), pair: await issue(authorities, holder, validity) }]);
  } catch (cause) {
    if (cause instanceof RangeError) throw new CommandError('invalid', cause.message, { cause });
    throw cause;
  }
}

function issue({ federationId, federation, agents }: Authorities, holder: Holder, validity: Validity): Promise<KeyedCertificate> {
  switch (holder.role) {
    case 'member': return issueMemberCertificate(federation, { federationId, member: holder.member, hosts: holder.hosts }, validity);
    case 'bridge': return issueBridgeCertificate(federation, { federationId, member: holder.member }, validity);
    case 'agent': return issueAgentCertificate(agents, { federationId, member: holder.member, node: holder.node }, validity);
    case 'operator': return issueOperatorCertificate(federation, { federationId, level: holder.level, name: holder.name }, validity);
  }
}

/** Names are checked before they become a path: an operator's may be an e-mail address, nothing has a slash. */
function fileName(holder: Holder): string {
  switch (holder.role) {
    case 'member': return holder.member;
    case 'bridge': return `${holder.member}-bridge`;
    case 'agent': return `${holder.member}-agent${holder.node === undefined ? '' : `-${holder.node}`}`;
    case 'operator': return `operator-${holder.name}`;
  }
}
