import { isObject } from '../model/content.ts';
import { sealingKey } from '../model/token.ts';
import type { SealingKey } from '../model/token.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS } from './settings.ts';

const SECRET_BYTES = 32;
const cached = new WeakMap<object, SealingKey>();

/** The key that this region's tokens and sessions are sealed with. Made once, never leaves the region. */
export async function regionSecret(replica: Replica): Promise<SealingKey> {
  const known = cached.get(replica.store);
  if (known !== undefined) return known;
  const made = Buffer.from(replica.random.bytes(SECRET_BYTES)).toString('base64');
  await replica.store.putDocument(DOCUMENTS.secret, { key: made }, 'absent');
  const value = (await replica.store.document(DOCUMENTS.secret))?.value;
  if (!isObject(value) || typeof value['key'] !== 'string') throw new TypeError('the region secret is damaged');
  const secret = sealingKey(Buffer.from(value['key'], 'base64'));
  cached.set(replica.store, secret);
  return secret;
}
