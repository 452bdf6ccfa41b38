/** The port of an endpoint that names none: a custom domain on AWS. */
const DEFAULT_PORT = 443;
const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?)(?::([0-9]{1,5}))?$/;

/**
 * The URL of an endpoint as it is written in a federation object: `host:port`, or a host alone for port 443.
 *
 * @throws RangeError for anything else
 */
export function endpointUrl(endpoint: string): URL {
  const [, host, , port] = HOST_PORT.exec(endpoint.replace(/^https:\/\//, '').replace(/\/$/, '')) ?? [];
  const number = port === undefined ? DEFAULT_PORT : Number(port);
  if (host === undefined || number < 1 || number > 65_535) throw new RangeError(`endpoint ${JSON.stringify(endpoint)}: expected "host:port", such as "controller.eu-west.example.com:9090"`);
  return new URL(`https://${host}:${number.toString()}`);
}
