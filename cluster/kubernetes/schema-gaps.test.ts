import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FEDERATION_SPEC_FIELDS } from '../../shared/model/federation-manifest.ts';
import { schemaGaps } from './schema-gaps.ts';

const definition = parse(readFileSync(join(import.meta.dirname, '..', 'crds', 'novaedgefederations.yaml'), 'utf8'));
const schema = definition.spec.versions[0].schema.openAPIV3Schema;

/** A schema without what `paths` name. */
function without(...paths: readonly string[]): unknown {
  const copy = structuredClone(schema);
  for (const path of paths) {
    const steps = path.replaceAll('[]', '.[]').split('.');
    const last = steps.pop() ?? '';
    const parent = steps.reduce((at, step) => (step === '[]' ? at.items : at.properties[step]), copy);
    Reflect.deleteProperty(parent.properties, last);
  }
  return copy;
}

/** Every path of a schema. */
const pathsOf = (at: Schema, path: string): readonly string[] => Object.entries(at.properties ?? {}).flatMap(([name, child]) => {
  const here = `${path}.${name}`;
  return [here, ...pathsOf(child, here), ...(child.items === undefined ? [] : pathsOf(child.items, `${here}[]`))];
});
interface Schema { readonly properties?: Readonly<Record<string, Schema>>; readonly items?: Schema }

describe('our definition of NovaEdgeFederation', () => {
  test('has every field of the spec that is read', () => {
    expect(schemaGaps(schema)).toEqual([]);
  });

  test('has no field of the spec that nobody reads', () => {
    const { spec } = schema.properties;

    expect(pathsOf(spec, 'spec').filter((path) => !FEDERATION_SPEC_FIELDS.includes(path))).toEqual([]);
  });
});

describe('what a definition lacks', () => {
  test.each([
    ['spec.mode', 'spec.splitBrain.fenceWrites'],
    ['spec.members[].tls.serverName'],
    ['spec.sync.ownershipMarks'],
  ])('%s is named', (...paths) => {
    expect(schemaGaps(without(...paths))).toEqual(paths);
  });

  test('a missing part is named without what is below it', () => {
    expect(schemaGaps(without('spec.antiEntropy', 'spec.members'))).toEqual(['spec.members', 'spec.antiEntropy']);
  });

  test('a part that keeps whatever it is given lacks nothing', () => {
    const copy = without('spec.members') as { properties: { spec: Record<string, unknown> } };
    copy.properties.spec['x-kubernetes-preserve-unknown-fields'] = true;

    expect(schemaGaps(copy)).toEqual([]);
  });

  test('nor does a list that keeps whatever it is given', () => {
    const copy = without() as { properties: { spec: { properties: Record<string, unknown> } } };
    copy.properties.spec.properties['members'] = { 'x-kubernetes-preserve-unknown-fields': true };

    expect(schemaGaps(copy)).toEqual([]);
  });

  test.each([undefined, null, 'text', {}])('of the schema %j everything is missing', (nothing) => {
    expect(schemaGaps(nothing).length).toBeGreaterThan(5);
  });
});
