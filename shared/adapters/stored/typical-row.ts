import { contentOf } from '../../model/content.ts';
import { asClusterId, asIncarnation, asMember } from '../../model/ids.ts';
import type { HeldRow } from '../../model/row.ts';

/** For measuring: the canonical text of a route as people write them, a little over one kilobyte, all different. */
export function typicalRoute(number: number): string {
  const id = number.toString();
  return JSON.stringify({
    apiVersion: 'novaedge.io/v1alpha1',
    kind: 'ProxyRoute',
    metadata: { annotations: { 'team.example.org/contact': `checkout-team-${id}@example.org` }, labels: { app: `checkout-${id}`, 'app.kubernetes.io/part-of': 'shop', tier: 'frontend' } },
    spec: {
      hostnames: [`shop-${id}.example.org`, `www.shop-${id}.example.org`],
      parentRefs: [{ name: 'public-gateway', namespace: 'ingress' }],
      rules: [
        {
          backendRefs: [{ name: `checkout-${id}-v1`, weight: 90 }, { name: `checkout-${id}-v2`, weight: 10 }],
          filters: [{ add: [{ name: 'X-Request-Source', value: `edge-${id}` }], type: 'AddHeader' }, { remove: ['X-Internal-Debug'], type: 'RemoveHeader' }],
          matches: [{ headers: [{ name: 'X-Tenant', type: 'Exact', value: `tenant-${id}` }], method: 'POST', path: { type: 'PathPrefix', value: `/checkout/${id}/orders` } }],
          retry: { backoffBase: '25ms', maxRetries: 2, perTryTimeout: '800ms', retryOn: ['5xx', 'reset'] },
          timeout: '3s',
        },
        { backendRefs: [{ name: `catalog-${id}` }], matches: [{ method: 'GET', path: { type: 'Exact', value: `/catalog/${id}/index.html` } }], timeout: '10s' },
      ],
    },
  });
}

/** Such a route as a region holds it after three members wrote to it, one field of it last by another. */
export function typicalRow(number: number): HeldRow {
  const text = typicalRoute(number);
  const { hash, bytes } = contentOf(text);
  const write = (log: string, counter: number, member: string) => ({ dot: { incarnation: asIncarnation(log), counter }, stamp: { ms: 1_750_000_000_000 + counter * 977, counter: 0, member: asMember(member) } });
  const own = write('ik3x9wq2mzpa', 48_211 + number, 'us-west-controller');
  const other = write('i7hdn5vtybce', 20_817 + number, 'eu-west-controller');
  const writerContext = new Map([[own.dot.incarnation, own.dot.counter - 3], [other.dot.incarnation, other.dot.counter]]);
  const clusterId = asClusterId('0f8fad5b-d9cb-469f-a165-70867728950e');
  return {
    context: new Map([...writerContext, [own.dot.incarnation, own.dot.counter]]),
    siblings: [{ ...own, writerContext, covers: [], origin: clusterId, body: { kind: 'live', hash, content: text, bytes, fields: { base: own, set: new Map([['spec/rules', other]]), removed: new Map() } } }],
    local: {
      revision: 14, changedAtMs: 1_750_000_123_456, offLog: undefined, conflictSinceMs: undefined, shown: undefined, fromOthers: false,
      observed: { clusterId, uid: '6c84fb90-12c4-11e1-840d-7b25c5ee775a', resourceVersion: '104883217' },
    },
  };
}
