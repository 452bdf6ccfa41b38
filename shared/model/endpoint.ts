/**
 * Endpoints as the guides write them: `host:port` with a host name, an IPv4 address or an IPv6 address in brackets.
 * They are taken as written: nothing is resolved, lower-cased or completed.
 */
export const ENDPOINT_ACCEPTED = 'is host:port without a scheme, such as "controller.example.com:9090", "192.0.2.1:9090" or "[2001:db8::1]:9090", port 1 to 65535';

const ENDPOINT = /^(?<host>.+):(?<port>[1-9][0-9]{0,4})$/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

export function isEndpoint(text: string): boolean {
  const { host, port } = ENDPOINT.exec(text)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) return false;
  return host.startsWith('[') && host.endsWith(']') ? isIpv6(host.slice(1, -1)) : isHostName(host) || IPV4.test(host);
}

/** A host name: its last label is no number, so that a mistyped IPv4 address is none. */
export const isHostName = (text: string): boolean => HOST_NAME.test(text) && !/(?:^|\.)\d+$/.test(text);

const isIpv6 = (text: string): boolean => /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]`);

/** Whether an endpoint's host is one of these domains or below one of them; where none are given, every host is. */
export function isInDomains(endpoint: string, domains: readonly string[]): boolean {
  const host = endpoint.replace(/:\d+$/, '').toLowerCase();
  return domains.length === 0 || domains.some((domain) => host === domain || host.endsWith(`.${domain}`));
}
