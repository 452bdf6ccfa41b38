import { isObject } from '../../shared/model/content.ts';
import type { JsonObject } from '../../shared/model/content.ts';
import { FEDERATION_SPEC_FIELDS } from '../../shared/model/federation-manifest.ts';
import type { KubeClient } from './client.ts';
import type { ServedKind } from './discovery.ts';

/** The part of an OpenAPI schema that says which fields an object keeps. */
interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/**
 * What the definition of NovaEdgeFederation that a server serves lacks, asked of the server once for each time that its kinds are
 * asked: a definition that changes has them asked again.
 */
export class ServedGaps {
  readonly #client: KubeClient;
  readonly #known = new WeakMap<ServedKind, readonly string[]>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** As `schemaGaps`; nothing, while the server publishes no schema of this kind. @throws StatusError | ClusterUnavailableError */
  async of(kind: ServedKind, signal: AbortSignal): Promise<readonly string[]> {
    const known = this.#known.get(kind);
    if (known !== undefined) return known;
    const schema = schemaIn(await this.#client.json({ path: `/openapi/v3/apis/${kind.group}/${kind.version}` }, signal), kind);
    if (schema === undefined) return [];
    const found = schemaGaps(schema);
    this.#known.set(kind, found);
    return found;
  }
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
  // What is below a list that keeps everything is kept, whether its items are described or not.
  const isOpen = child?.['x-kubernetes-preserve-unknown-fields'] === true;
  return isOpen || keeps(isList ? child?.items : child, below);
}

const asSchema = (value: unknown): Schema | undefined => (typeof value === 'object' && value !== null ? value : undefined);

/** Schemas say which kinds they are for. */
function schemaIn(document: JsonObject, { group, version, kind }: ServedKind): JsonObject | undefined {
  const components = isObject(document['components']) ? document['components'] : {};
  const schemas = isObject(components['schemas']) ? Object.values(components['schemas']) : [];
  return schemas.filter(isObject).find((schema) => {
    const kinds = schema['x-kubernetes-group-version-kind'];
    return Array.isArray(kinds) && kinds.filter(isObject).some((one) => one['group'] === group && one['version'] === version && one['kind'] === kind);
  });
}
