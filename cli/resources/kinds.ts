import { NOVAEDGE_GROUP } from '../../shared/model/federated-part.ts';

/** A kind as people name it. */
export interface KnownKind { readonly kind: string; readonly group: string; readonly plural: string; readonly short: readonly string[] }

const ours = (kind: string, plural: string, ...short: readonly string[]): KnownKind => ({ kind, group: NOVAEDGE_GROUP, plural, short });
const core = (kind: string, plural: string, ...short: readonly string[]): KnownKind => ({ kind, group: '', plural, short });

/** The kinds a federation usually carries. Others are found by asking the region. */
export const KNOWN_KINDS: readonly KnownKind[] = [
  ours('ProxyGateway', 'proxygateways', 'gateway', 'gateways', 'gw'),
  ours('ProxyRoute', 'proxyroutes', 'route', 'routes'),
  ours('ProxyBackend', 'proxybackends', 'backend', 'backends'),
  ours('ProxyPolicy', 'proxypolicies', 'policy', 'policies'),
  ours('ProxyVIP', 'proxyvips', 'vip', 'vips'),
  ours('ProxyCertificate', 'proxycertificates', 'certificate', 'certificates'),
  ours('ProxyIPPool', 'proxyippools', 'ippool', 'ippools'),
  ours('ProxyWANLink', 'proxywanlinks', 'wanlink', 'wanlinks'),
  ours('ProxyWANPolicy', 'proxywanpolicies', 'wanpolicy', 'wanpolicies'),
  ours('ServiceEndpoints', 'serviceendpoints', 'endpoints', 'ep'),
  core('ConfigMap', 'configmaps', 'cm'),
  core('Secret', 'secrets'),
];

/** The kind that somebody means by a word, in upper or lower case: its name, its plural, a short form. */
export function knownKind(word: string): KnownKind | undefined {
  const lower = word.toLowerCase();
  return KNOWN_KINDS.find(({ kind, plural, short }) => kind.toLowerCase() === lower || plural === lower || short.includes(lower));
}

/** A kind as it was asked for. `group` is undefined where nothing says it. */
export interface AskedKind { readonly kind: string; readonly group: string | undefined; readonly isKnown: boolean }

/** Reads `ProxyRoute`, `routes`, `proxyroute.novaedge.io`, `HTTPRoute.gateway.networking.k8s.io`. */
export function parseKind(word: string): AskedKind {
  const dot = word.indexOf('.');
  const group = dot === -1 ? undefined : word.slice(dot + 1);
  const bare = dot === -1 ? word : word.slice(0, dot);
  const known = knownKind(bare);
  if (known !== undefined && (group === undefined || group === known.group)) return { kind: known.kind, group: known.group, isKnown: true };
  return { kind: bare, group, isKnown: false };
}
