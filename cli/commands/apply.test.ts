import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority, issueOperatorCertificate } from '../../shared/adapters/certificates/index.ts';
import { resourceKey } from '../../shared/model/resource-key.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import type { ReplicaErrorCode } from '../../shared/ports/errors.ts';
import type { Operator } from '../../shared/ports/operator.ts';
import type { Ran } from '../testing/test-host.ts';
import { testHost } from '../testing/test-host.ts';

// What apply makes of a region that refuses some of it; a real region cannot be made to.
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novactl-apply-'));
  const authority = await createAuthority('test', { nowMs: Date.now() });
  const operator = await issueOperatorCertificate(authority, { federationId: 'test', level: 'admin', name: 'alice' }, { nowMs: Date.now() });
  for (const [name, text] of [['ca', authority.certificatePem], ['cert', operator.certificatePem], ['key', operator.privateKeyPem]] as const) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'config.yaml'), 'contexts: [{name: us-west, server: "127.0.0.1:1", ca: ca, cert: cert, key: key}]\n');
});
afterAll(() => { rmSync(folder, { recursive: true }); });

const manifest = (name: string): string => `apiVersion: novaedge.io/v1alpha1\nkind: ProxyRoute\nmetadata: {name: ${name}}\n---\n`;

/** Applies these resources to a region that answers each attempt as told. */
async function apply(names: readonly string[], answer: (name: string, attempt: number) => ReplicaErrorCode | 'created'): Promise<Ran & { readonly sent: readonly string[] }> {
  const sent: string[] = [];
  const attempts = new Map<string, number>();
  const operator: Pick<Operator, 'apply'> = {
    apply: async (text, requestId) => {
      const { metadata: { name } } = JSON.parse(text) as { metadata: { name: string } };
      const attempt = (attempts.get(name) ?? 0) + 1;
      attempts.set(name, attempt);
      sent.push(`${name} ${requestId}`);
      const outcome = answer(name, attempt);
      if (outcome !== 'created') throw new ReplicaError(outcome, `${name} is ${outcome}`);
      return { key: resourceKey({ group: 'novaedge.io', kind: 'ProxyRoute', namespace: 'default', name }), version: 'v1.1', outcome };
    },
  };
  const { run } = testHost({ nowMs: () => Date.now(), stdin: names.map(manifest).join(''), connect: async () => ({ operator: operator as Operator, close: () => undefined }) });
  return { ...(await run('apply', '-f', '-', '--config', join(folder, 'config.yaml'))), sent };
}

describe('apply', () => {
  test('one refused resource does not hold up the others, and its error decides the exit code', async () => {
    expect(await apply(['a', 'b', 'c'], (name) => (name === 'b' ? 'too-large' : 'created'))).toMatchObject({
      code: 8,
      out: 'proxyroute.novaedge.io/a created\nproxyroute.novaedge.io/c created\n',
      err: 'error: b is too-large (standard input:5, ProxyRoute/default/b)\nerror: 1 of 3 resources were not applied\n',
    });
  });

  test('what concerns all of them ends it', async () => {
    expect(await apply(['a', 'b', 'c'], (name) => (name === 'a' ? 'created' : 'fenced'))).toMatchObject({ code: 6, out: 'proxyroute.novaedge.io/a created\n', err: 'error: b is fenced\n' });
  });

  test('waits where the region asks for patience, and sends the same request again', async () => {
    const { code, sent } = await apply(['a'], (_name, attempt) => (attempt < 3 ? 'quota' : 'created'));

    expect(code).toBe(0);
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
  });

  test('patience ends', async () => {
    const { code, sent } = await apply(['a'], () => 'busy');

    expect(code).toBe(7);
    expect(sent).toHaveLength(31);
  });
});
