import { describe, expect, test } from 'vitest';
import { OptionError, readOptions, USAGE } from './options.ts';

const files = ['--ca-file', 'ca.crt', '--cert-file', 'tls.crt', '--key-file', 'tls.key'];
const least = ['--federation-id', 'prod', '--member', 'us-west', '--region-endpoint', 'region.example.com:443', ...files];
const without = (option: string): readonly string[] => least.filter((_, at) => least[at] !== option && least[at - 1] !== option);

describe('options of the bridge program', () => {
  test('what is enough, with the defaults of the rest', () => {
    expect(readOptions(least, {})).toEqual({
      federationId: 'prod', member: 'us-west', regionEndpoint: 'region.example.com:443', tls: { kind: 'files', ca: 'ca.crt', cert: 'tls.crt', key: 'tls.key' },
      namespace: 'novaedge-system', config: { kind: 'default' }, leaseName: 'novaedge-bridge', createNamespaces: false, listen: { host: '127.0.0.1', port: 8081 }, logLevel: 'info',
    });
  });

  test('the environment says the same, and the command line goes first', () => {
    const env = {
      NOVAEDGE_FEDERATION_ID: 'prod', NOVAEDGE_MEMBER: 'other', NOVAEDGE_REGION_ENDPOINT: 'r:1', NOVAEDGE_CA_SECRET: 'ca', NOVAEDGE_CLIENT_CERT_SECRET: 'client',
      POD_NAMESPACE: 'edge', NOVAEDGE_CREATE_NAMESPACES: 'true', NOVAEDGE_LISTEN: '[::]:9000', KUBERNETES_SERVICE_HOST: '10.0.0.1',
    };

    expect(readOptions(['--member', 'us-west'], env)).toMatchObject({
      member: 'us-west', tls: { kind: 'secrets', ca: 'ca', client: 'client' }, namespace: 'edge', config: { kind: 'in-cluster' }, createNamespaces: true, listen: { host: '::', port: 9000 },
    });
  });

  test.each(['--federation-id', '--member', '--region-endpoint'])('without %s says so', (option) => {
    expect(() => readOptions(without(option), {})).toThrow(new RegExp(`^${option} is missing \\(or NOVAEDGE_`));
  });

  test.each([
    [['--member', 'US West'], /^--member is "US West": expected a member's name/],
    [['--region-endpoint', 'https://region'], /^--region-endpoint is "https:\/\/region": what is accepted is host:port/],
    [['--listen', '8081'], /^--listen is "8081": expected host:port/],
    [['--listen', 'localhost:99999'], /^--listen is/],
    [['--log-level', 'loud'], /^--log-level is "loud": expected one of trace, debug/],
    [['--ca-secret', 'ca'], /^the certificates are not said in full/],
    [['--nonsense'], /nonsense/],
  ])('%j is refused in words', (args, message) => {
    const [option = ''] = args;
    expect(() => readOptions([...without(option), ...args], {})).toThrow(OptionError);
    expect(() => readOptions([...without(option), ...args], {})).toThrow(message);
  });

  test('a flag in the environment is true or false', () => {
    expect(() => readOptions(least, { NOVAEDGE_CREATE_NAMESPACES: 'yes' })).toThrow(/NOVAEDGE_CREATE_NAMESPACES is "yes": expected true or false/);
  });

  test('help names every option and its variable', () => {
    expect(readOptions(['--help'], {})).toBeUndefined();
    for (const name of ['--member', 'NOVAEDGE_MEMBER', '--listen', 'POD_NAMESPACE']) expect(USAGE).toContain(name);
  });
});
