import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LocalCluster } from '../../local/kubernetes/local-cluster.ts';
import { startCluster } from '../../local/kubernetes/start-cluster.ts';

let folder: string;
let cluster: LocalCluster;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'novaedge-kube-'));
  cluster = await startCluster({ folder, name: 'us-west', controllers: true });
});
afterAll(async () => {
  await cluster.stop();
  rmSync(folder, { recursive: true, force: true });
});

const configMap = (name: string): string => `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}}, data: {a: b}}`;

describe('a cluster on this machine', () => {
  test('tells its version, and kubectl is the same', async () => {
    const { stdout } = await cluster.kubectl(['version', '-o', 'json']);

    const { clientVersion, serverVersion } = JSON.parse(stdout);
    expect(serverVersion.gitVersion).toMatch(/^v1\.\d+\.\d+$/);
    expect(serverVersion.gitVersion).toBe(clientVersion.gitVersion);
  });

  test('keeps what it acknowledged, and its identity, when it is killed and started again', async () => {
    const uid = await cluster.kubeSystemUid();
    expect(await cluster.kubectl(['apply', '-f', '-'], configMap('kept'))).toMatchObject({ code: 0 });

    await cluster.stop();
    cluster = await startCluster({ folder, name: 'us-west', controllers: true, port: cluster.port });

    expect(await cluster.kubeSystemUid()).toBe(uid);
    expect((await cluster.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.data.a}'])).stdout).toBe('b');
  });

  test('lets in a user by certificate, who may do what roles say and no more', async () => {
    const kubeconfig = await cluster.kubeconfigFor({ user: 'ann', groups: ['readers'] });
    await cluster.kubectl(['create', 'clusterrole', 'readers', '--verb=get,list', '--resource=configmaps']);
    await cluster.kubectl(['create', 'clusterrolebinding', 'readers', '--clusterrole=readers', '--group=readers']);

    // The authorizer learns of a role by a watch.
    await expect.poll(async () => (await cluster.kubectl(['--kubeconfig', kubeconfig, 'get', 'configmaps'])).stderr, { timeout: 30_000 }).toBe('');
    const written = await cluster.kubectl(['--kubeconfig', kubeconfig, 'apply', '-f', '-'], configMap('refused'));

    expect(written.stderr).toContain('User "ann" cannot create resource "configmaps"');
  });

  test('lets in a service account by its token', async () => {
    await cluster.kubectl(['create', 'serviceaccount', 'robot']);
    const { stdout: token } = await cluster.kubectl(['create', 'token', 'robot']);

    const { stdout } = await cluster.kubectl(['--kubeconfig', '/dev/null', '--server', cluster.server, '--insecure-skip-tls-verify', '--token', token, 'auth', 'whoami']);

    expect(stdout).toContain('system:serviceaccount:default:robot');
  });

  test('ends a namespace with all in it', async () => {
    await cluster.kubectl(['create', 'namespace', 'short']);
    await cluster.kubectl(['-n', 'short', 'apply', '-f', '-'], configMap('short'));

    const deleted = await cluster.kubectl(['delete', 'namespace', 'short', '--timeout=50s']);

    expect(deleted).toMatchObject({ code: 0, stdout: 'namespace "short" deleted\n' });
  });

  test('answers 410 to a watch from before a compaction', async () => {
    const { stdout: old } = await cluster.kubectl(['get', 'configmap', 'kept', '-o', 'jsonpath={.metadata.resourceVersion}']);
    await cluster.kubectl(['create', 'configmap', 'later']);

    await cluster.compact();
    await cluster.restart(); // Its own cache of recent changes is gone with it.
    const watched = await cluster.kubectl(['get', '--raw', `/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=2&resourceVersion=${old}`]);

    expect(watched.stdout).toContain('"code":410');
  });

  test('hangs while it is paused, and goes on', async () => {
    cluster.pause();
    const asked = cluster.kubectl(['get', 'configmap', 'kept', '-o', 'name']);
    const first = await Promise.race([asked.then(() => 'answered'), sleep(1000).then(() => 'waiting')]);
    cluster.resume();

    expect(first).toBe('waiting');
    expect((await asked).stdout).toBe('configmap/kept\n');
  });

  test('says in its error what a log ends with when it does not start', async () => {
    const other = mkdtempSync(join(tmpdir(), 'novaedge-kube-'));

    await expect(startCluster({ folder: other, name: 'wrong', port: 12_345, apiServerFlags: ['--no-such-flag'] }))
      .rejects.toThrow(/the cluster wrong did not start: it ended \(exit code 1\)[^]*unknown flag: --no-such-flag/);
    rmSync(other, { recursive: true });
  });

  test('ends with whoever started it, also when that is killed', async () => {
    const other = mkdtempSync(join(tmpdir(), 'novaedge-kube-'));
    const starter = `const { startCluster } = await import(${JSON.stringify(join(import.meta.dirname, '../../local/kubernetes/start-cluster.ts'))}); await startCluster({ folder: ${JSON.stringify(other)}, name: 'orphan' }); console.log('started')`;
    const program = spawn(process.execPath, ['--input-type=module', '--eval', starter], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => { program.stdout.once('data', resolve); });
    const running = async (): Promise<number> => (await promisify(execFile)('ps', ['-eo', 'args'])).stdout.split('\n').filter((line) => line.includes(other) && !line.includes('--eval')).length;

    expect(await running()).toBe(2);
    program.kill('SIGKILL');

    await expect.poll(running, { timeout: 5000 }).toBe(0);
    rmSync(other, { recursive: true });
  });
});
