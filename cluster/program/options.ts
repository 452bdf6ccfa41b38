import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ENDPOINT_ACCEPTED, isEndpoint } from '../../shared/model/endpoint.ts';
import type { ConfigSource } from '../kubernetes/kube-config.ts';

/** Where a PEM comes from: a file that is mounted, or a Secret in the bridge's namespace. */
export type TlsSource = { readonly kind: 'files'; readonly ca: string; readonly cert: string; readonly key: string } | { readonly kind: 'secrets'; readonly ca: string; readonly client: string };

/** What the program was told, checked. */
export interface ProgramOptions {
  readonly federationId: string;
  readonly member: string;
  readonly regionEndpoint: string;
  readonly tls: TlsSource;
  readonly namespace: string;
  readonly config: ConfigSource;
  readonly leaseName: string;
  readonly createNamespaces: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly logLevel: string;
}

/** An option that is missing or wrong: which, what was given, what is accepted. */
export class OptionError extends Error { override readonly name = 'OptionError' }

interface OptionSpec { readonly env: string; readonly about: string; readonly isFlag?: boolean }
const OPTIONS = {
  'federation-id': { env: 'NOVAEDGE_FEDERATION_ID', about: 'spec.federationID of the federation' },
  member: { env: 'NOVAEDGE_MEMBER', about: 'the local member\'s name' },
  'region-endpoint': { env: 'NOVAEDGE_REGION_ENDPOINT', about: 'host:port of the member\'s region' },
  'ca-file': { env: 'NOVAEDGE_CA_FILE', about: 'PEM of the authority that vouches for the region' },
  'cert-file': { env: 'NOVAEDGE_CERT_FILE', about: 'PEM of the bridge\'s certificate' },
  'key-file': { env: 'NOVAEDGE_KEY_FILE', about: 'PEM of its private key' },
  'ca-secret': { env: 'NOVAEDGE_CA_SECRET', about: 'instead of the files: a Secret with ca.crt' },
  'client-cert-secret': { env: 'NOVAEDGE_CLIENT_CERT_SECRET', about: 'and one with tls.crt and tls.key' },
  namespace: { env: 'POD_NAMESPACE', about: 'the bridge\'s own: federation object, Secrets, lease (default: the pod\'s, else novaedge-system)' },
  kubeconfig: { env: 'KUBECONFIG', about: 'default: the pod\'s service account, else ~/.kube/config' },
  context: { env: 'NOVAEDGE_KUBE_CONTEXT', about: 'a context of the kubeconfig' },
  'lease-name': { env: 'NOVAEDGE_LEASE_NAME', about: 'by which replicas agree on one (default novaedge-bridge)' },
  'create-namespaces': { env: 'NOVAEDGE_CREATE_NAMESPACES', about: 'make namespaces that objects from elsewhere need', isFlag: true },
  listen: { env: 'NOVAEDGE_LISTEN', about: 'host:port of /healthz, /readyz, /status and /metrics (default 127.0.0.1:8081)' },
  'log-level': { env: 'NOVAEDGE_LOG_LEVEL', about: 'trace, debug, info, warn or error (default info)' },
  help: { env: '', about: 'this text', isFlag: true },
} as const satisfies Readonly<Record<string, OptionSpec>>;
type Name = keyof typeof OPTIONS;
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];
const DNS_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const POD_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

const specOf = (name: Name): OptionSpec => OPTIONS[name];

export const USAGE = `Usage: novaedge-bridge [options]

Carries changes between a Kubernetes cluster and its region. Each option has an environment variable; the option goes first.

${(Object.keys(OPTIONS) as Name[]).map((name) => `  ${`--${name}${specOf(name).isFlag === true ? '' : ' …'}`.padEnd(24)} ${specOf(name).env.padEnd(28)} ${specOf(name).about}`).join('\n')}`;

/**
 * Reads command line and environment, once.
 *
 * @returns undefined where help was asked for
 * @throws OptionError
 */
export function readOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): ProgramOptions | undefined {
  const given = parse(args);
  if (given.has('help')) return undefined;
  const value = (name: Name): string | undefined => given.get(name) ?? (env[specOf(name).env] || undefined);
  const required = (name: Name): string => value(name) ?? fail(`--${name} is missing (or ${specOf(name).env}): expected ${specOf(name).about}`);
  const checked = (name: Name, text: string, isRight: boolean, accepted: string): string => (isRight ? text : fail(`--${name} is ${JSON.stringify(text)}: expected ${accepted}`));

  const regionEndpoint = required('region-endpoint');
  const namespace = value('namespace') ?? namespaceOfPod() ?? 'novaedge-system';
  const leaseName = value('lease-name') ?? 'novaedge-bridge';
  const logLevel = value('log-level') ?? 'info';
  const member = required('member');
  return Object.freeze({
    federationId: required('federation-id'),
    member: checked('member', member, DNS_NAME.test(member), 'a member\'s name: lower-case letters, digits, "-" and "."'),
    regionEndpoint: isEndpoint(regionEndpoint) ? regionEndpoint : fail(`--region-endpoint is ${JSON.stringify(regionEndpoint)}: what is accepted ${ENDPOINT_ACCEPTED}`),
    tls: tlsSource(value),
    namespace: checked('namespace', namespace, DNS_NAME.test(namespace), 'a namespace\'s name'),
    config: configSource(value, env),
    leaseName: checked('lease-name', leaseName, DNS_NAME.test(leaseName), 'lower-case letters, digits, "-" and "."'),
    createNamespaces: given.has('create-namespaces') || flag('create-namespaces', env[OPTIONS['create-namespaces'].env]),
    listen: address(value('listen') ?? '127.0.0.1:8081'),
    logLevel: checked('log-level', logLevel, LEVELS.includes(logLevel), `one of ${LEVELS.join(', ')}`),
  });
}

function fail(message: string): never { throw new OptionError(message); }

function parse(args: readonly string[]): ReadonlyMap<string, string> {
  const options = Object.fromEntries(Object.entries(OPTIONS).map(([name, spec]) => [name, { type: (spec as OptionSpec).isFlag === true ? 'boolean' as const : 'string' as const }]));
  try {
    const { values } = parseArgs({ args: [...args], options });
    return new Map(Object.entries(values).map(([name, value]) => [name, String(value)]));
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Either all files or all Secrets. */
function tlsSource(value: (name: Name) => string | undefined): TlsSource {
  const [ca, cert, key] = [value('ca-file'), value('cert-file'), value('key-file')];
  const [caSecret, client] = [value('ca-secret'), value('client-cert-secret')];
  const named = [ca, cert, key, caSecret, client].filter((one) => one !== undefined).length;
  if (ca !== undefined && cert !== undefined && key !== undefined && named === 3) return { kind: 'files', ca, cert, key };
  if (caSecret !== undefined && client !== undefined && named === 2) return { kind: 'secrets', ca: caSecret, client };
  return fail('the certificates are not said in full: expected --ca-file, --cert-file and --key-file, or --ca-secret and --client-cert-secret, and not both');
}

function configSource(value: (name: Name) => string | undefined, env: Readonly<Record<string, string | undefined>>): ConfigSource {
  const path = value('kubeconfig');
  if (path !== undefined) return { kind: 'file', path, context: value('context') };
  return env['KUBERNETES_SERVICE_HOST'] === undefined ? { kind: 'default' } : { kind: 'in-cluster' };
}

function flag(name: Name, text: string | undefined): boolean {
  if (text === undefined || text === '' || text === 'false') return false;
  return text === 'true' || fail(`${specOf(name).env} is ${JSON.stringify(text)}: expected true or false`);
}

function address(text: string): { readonly host: string; readonly port: number } {
  const at = text.lastIndexOf(':');
  const [host, port] = [text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), Number(text.slice(at + 1))];
  if (at < 1 || !Number.isInteger(port) || port < 0 || port > 65_535) fail(`--listen is ${JSON.stringify(text)}: expected host:port, such as 127.0.0.1:8081 or 0.0.0.0:8081`);
  return { host, port };
}

/** Undefined outside of a pod. */
function namespaceOfPod(): string | undefined {
  try {
    return readFileSync(POD_NAMESPACE_FILE, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
