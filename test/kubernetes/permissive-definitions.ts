import type { JsonObject } from '../../shared/model/content.ts';

/** A definition that keeps whatever it is given, for tests that are not about schemas. */
export function permissiveDefinition(kind: string, schema: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true, type: 'object' }): JsonObject {
  const plural = `${kind.toLowerCase()}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.novaedge.io` },
    spec: {
      group: 'novaedge.io', scope: 'Namespaced', names: { plural, singular: kind.toLowerCase(), kind },
      versions: [{
        name: 'v1alpha1', served: true, storage: true, subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } } },
      }],
    },
  };
}
