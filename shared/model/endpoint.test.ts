import { expect, test } from 'vitest';
import { isEndpoint, isInDomains } from './endpoint.ts';

const accepted = [
  'a:1', 'controller.eu-west.example.com:9090', 'Controller.Example.COM:443', '192.0.2.1:65535', '[2001:db8::1]:9090', '[::1]:1',
  '[::ffff:192.0.2.1]:80', '3com.example:80',
];

const refused = [
  '', ':9090', 'host', 'host:', 'host:0', 'host:65536', 'host:099', 'host:1e3', 'host: 1', ' host:1', 'host:1 ', 'host:-1', 'host:80:80',
  'http://host:1', 'host:1/path', 'user@host:1', '256.0.0.1:80', '1.2.3:80', '1.2.3.4.5:80', '01.2.3.4:80',
  '2001:db8::1:9090', '[2001:db8::1]', '[2001:db8:::1]:80', '[fe80::1%eth0]:80', '[host]:80', '[]:80',
  '-host:80', 'host-:80', 'a..b:80', 'host.:80', 'ho_st:80', `${'a'.repeat(64)}:80`, `${'a.'.repeat(127)}a:80`, 'host\n:80', 'hôst:80', '*.example.com:80',
];

test.each(accepted)('%s is an endpoint', (text) => {
  expect(isEndpoint(text)).toBe(true);
});

test.each(refused)('%j is none', (text) => {
  expect(isEndpoint(text)).toBe(false);
});

test.each([
  ['controller.eu.example.com:9090', ['example.com'], true],
  ['example.com:443', ['example.com'], true],
  ['EU.Example.com:443', ['example.com'], true],
  ['badexample.com:443', ['example.com'], false],
  ['example.com.evil.org:443', ['example.com'], false],
  ['192.0.2.1:443', ['example.com'], false],
  ['[2001:db8::1]:443', ['example.com'], false],
  ['anything.org:443', [], true],
])('%s in the domains %j: %s', (endpoint, domains, isIn) => {
  expect(isInDomains(endpoint, domains)).toBe(isIn);
});
