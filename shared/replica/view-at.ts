import type { Hash, ResourceKey } from '../model/ids.ts';
import type { HeldRow } from '../model/row.ts';
import { openToken } from '../model/token.ts';
import type { Target, ViewAtRequest } from '../ports/region.ts';
import { shownOf, view } from './bridge-record.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { callingCluster } from './cluster-identity.ts';
import type { Replica } from './replica.ts';
import { regionSecret } from './secret.ts';
import { tokenScope } from './targets.ts';

/**
 * What the cluster shows at a token's context, for the dry run that tells a default from an edit (DESIGN §11). The token vouches for
 * the hash, so a content with that hash is the one, wherever it is found: reported as shown or not, replaced meanwhile or not.
 *
 * @returns undefined for a token that this region did not make for this object, and where the content is nowhere any more
 */
export async function viewAtToken(replica: Replica, request: ViewAtRequest): Promise<Target | undefined> {
  const facts = await callingCluster(replica, request);
  const token = openToken(await regionSecret(replica), tokenScope(replica, request.key, facts.record.clusterId), request.token);
  if (token === undefined) return undefined;
  const row = (await replica.store.rows([request.key])).get(request.key);
  const content = (await contentInRow(replica, request.key, row, token.hash, facts)) ?? (await replica.store.content(request.key, token.hash));
  if (content === undefined) return undefined;
  return { key: request.key, show: { kind: 'live', hash: token.hash, content, token: request.token }, before: { kind: 'live', hash: token.hash } };
}

/** A version of the row, what the cluster was shown of it before, or (a merge of several) what it presents now. */
async function contentInRow(replica: Replica, key: ResourceKey, row: HeldRow | undefined, hash: Hash, facts: CallingCluster): Promise<string | undefined> {
  const sibling = row?.siblings.find(({ body }) => body.kind === 'live' && body.hash === hash);
  if (row === undefined || sibling?.body.kind === 'live') return sibling?.body.kind === 'live' ? sibling.body.content : undefined;
  const shown = await shownOf(replica, key, row, facts);
  if (shown?.hash === hash && shown.content !== undefined) return shown.content;
  const { body } = await view(replica, key, row, { clusterId: facts.record.clusterId, shownHash: shown?.hash });
  return body.kind === 'live' && body.hash === hash ? body.content : undefined;
}
