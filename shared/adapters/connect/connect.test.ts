import type { PeerCertificate } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { asMember } from '../../model/ids.ts';
import { CallError } from '../../wire/call-error.ts';
import { callServer } from './call.ts';
import { endpointUrl } from './endpoint.ts';
import { checkServer } from './server-check.ts';

describe('an endpoint', () => {
  test.each([
    ['controller.eu-west.example.com:9090', 'https://controller.eu-west.example.com:9090'],
    ['federation.example.com', 'https://federation.example.com'],
    ['127.0.0.1:8443', 'https://127.0.0.1:8443'],
    ['[::1]:9443', 'https://[::1]:9443'],
    ['https://region.example.com:443/', 'https://region.example.com'],
  ])('%s is %s', (endpoint, url) => {
    expect(endpointUrl(endpoint).origin).toBe(url);
  });

  test.each(['', ':9090', 'host:0', 'host:99999', 'host:9090/path', 'http://host:9090', 'user@host:9090', 'host:9090?x', 'ho st:1', 'host:http'])('%j is none', (endpoint) => {
    expect(() => endpointUrl(endpoint)).toThrow(/expected "host:port"/);
  });
});

describe('a server\'s certificate', () => {
  const expected = { federationId: 'prod', member: asMember('eu-west') };
  const certificate = (subjectaltname: string, CN = 'x'): PeerCertificate => ({ subject: { CN }, subjectaltname }) as unknown as PeerCertificate;
  const ours = 'URI:novaedge://prod/peer/eu-west';

  test.each([
    ['ours, of the member that was meant, whatever the host', ours, 'other.example.com'],
    ['anybody\'s with the host\'s name', 'DNS:region.example.com', 'region.example.com'],
    ['anybody\'s for all hosts of a domain', 'DNS:*.example.com', 'region.example.com'],
  ])('is believed when it is %s', (_what, names, host) => {
    expect(checkServer(expected, host, certificate(names))).toBeUndefined();
  });

  test.each([
    ['ours, of another member', 'URI:novaedge://prod/peer/us-west, DNS:region.example.com', 'region.example.com'],
    ['ours, of another federation', 'URI:novaedge://test/peer/eu-west, DNS:region.example.com', 'region.example.com'],
    ['a bridge\'s', 'URI:novaedge://prod/bridge/eu-west, DNS:region.example.com', 'region.example.com'],
    ['ours twice', `${ours}, URI:novaedge://prod/peer/us-west`, 'region.example.com'],
    ['ours in capitals', 'URI:NOVAEDGE://prod/peer/eu-west, DNS:region.example.com', 'region.example.com'],
    ['anybody\'s with another name', 'DNS:other.example.com', 'region.example.com'],
    ['anybody\'s that hides our name in its own', 'DNS:"x\\u002c URI:novaedge://prod/peer/eu-west"', 'region.example.com'],
  ])('is not believed when it is %s', (_what, names, host) => {
    expect(checkServer(expected, host, certificate(names))).toBeInstanceOf(Error);
  });

  test('is held against the host\'s name where nobody in particular was meant', () => {
    expect(checkServer({ federationId: 'prod', member: undefined }, 'other.example.com', certificate(ours))).toBeInstanceOf(Error);
    expect(checkServer({ federationId: 'prod', member: undefined }, 'region.example.com', certificate(`${ours}, DNS:region.example.com`))).toBeUndefined();
  });
});

test('what the network says is told in words, Node\'s own behind', async () => {
  const reset = Object.assign(new Error('connect ECONNRESET 127.0.0.1:9090'), { code: 'ECONNRESET' });
  const call = callServer('eu-west', 1000, new AbortController().signal, () => Promise.reject(new CallError('unavailable', reset.message, { cause: reset })));

  await expect(call).rejects.toThrow(/^eu-west: the connection was cut off \(connect ECONNRESET 127\.0\.0\.1:9090\)$/);
});
