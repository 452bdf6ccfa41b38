import { describe, expect, test } from 'vitest';
import { differences } from '../../bench/deploy/template-difference.ts';

describe('the differences of two templates', () => {
  test('are none where both are the same', () => {
    expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]);
  });

  test('name the path, what was synthesized and what is deployed', () => {
    const synthesized = { Resources: { Table: { Replicas: [{ Region: 'eu-west-1' }, { Region: 'us-west-2' }] }, Bus: { Name: 'a' }, Gone: 1 } };
    const deployed = { Resources: { Table: { Replicas: [{ Region: 'us-west-2' }] }, Bus: { Name: 'b' }, Come: 2 } };

    expect(differences(synthesized, deployed)).toEqual([
      'Resources/Table/Replicas: 2 entries (eu-west-1, us-west-2), deployed 1 entries (us-west-2)',
      'Resources/Bus/Name: "a", deployed "b"',
      'Resources/Gone: 1, deployed nothing',
      'Resources/Come: nothing, deployed 2',
    ]);
  });

  test('go into lists of the same length', () => {
    expect(differences({ list: [1, { a: 1 }] }, { list: [1, { a: 2 }] })).toEqual(['list/1/a: 1, deployed 2']);
  });
});
