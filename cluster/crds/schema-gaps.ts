import { FEDERATION_SPEC_FIELDS } from '../../shared/model/federation-manifest.ts';

/** The part of an OpenAPI schema that says which fields an object keeps. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/**
 * What a definition of NovaEdgeFederation lacks: fields of the spec that the region reads and that an API server with this schema
 * would take from an object without a word. Of a whole part that is missing only the part is named: `spec.antiEntropy`.
 *
 * @param schema of the kind, as `/openapi/v3/apis/novaedge.io/v1alpha1` or a definition's `openAPIV3Schema` has it
 */
export function schemaGaps(schema: unknown): readonly string[] {
  const missing = FEDERATION_SPEC_FIELDS.filter((path) => !keeps(asSchema(schema), path.split('.')));
  return missing.filter((path) => !missing.some((above) => path.startsWith(`${above}.`) || path.startsWith(`${above}[]`)));
}

function keeps(schema: Schema | undefined, [step, ...below]: readonly string[]): boolean {
  if (schema === undefined) return false;
  if (step === undefined || schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  const isList = step.endsWith('[]');
  const child = schema.properties?.[isList ? step.slice(0, -'[]'.length) : step];
  return keeps(isList ? child?.items : child, below);
}

const asSchema = (value: unknown): Schema | undefined => (typeof value === 'object' && value !== null ? value : undefined);
