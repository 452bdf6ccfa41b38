import { describe, expect, test } from 'vitest';
import { asClusterId, asIncarnation, asMember } from '../../model/ids.ts';
import { encodeRow } from './row-codec.ts';
import { typicalRoute, typicalRow } from './typical-row.ts';

describe('a ProxyRoute of one kilobyte', () => {
  test('is stored, metadata and all, well below one write unit of DynamoDB', () => {
    const text = typicalRoute(42);
    expect(Buffer.byteLength(text)).toBeGreaterThan(1000);

    expect(encodeRow(typicalRow(42)).length).toBeLessThan(700);
  });

  test('is so in a federation of many members, too', () => {
    const row = typicalRow(42);
    const context = new Map([...row.context, ...Array.from({ length: 10 }, (_, at) => [asIncarnation(`i${(at * 7_654_321 + 1e9).toString(36)}`), at * 1234 + 567] as const)]);
    const siblings = row.siblings.map((sibling) => ({ ...sibling, writerContext: context, origin: asClusterId('1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed'), stamp: { ...sibling.stamp, member: asMember('ap-southeast-controller') } }));

    expect(encodeRow({ ...row, context, siblings }).length).toBeLessThan(1024);
  });
});
