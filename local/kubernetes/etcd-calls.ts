import { request } from 'node:http';

const TIMEOUT_MS = 10_000;

/** Forgets all history up to now, as the API server does every five minutes: whoever watches from before must list again. */
export async function compactEtcd(socketPath: string): Promise<void> {
  const { header } = await call(socketPath, '/v3/kv/range', { key: Buffer.from('/').toString('base64') }) as { header: { revision: string } };
  await call(socketPath, '/v3/kv/compaction', { revision: header.revision, physical: true });
}

function call(socketPath: string, path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method: 'POST', headers: { 'content-type': 'application/json', host: 'localhost' }, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => { text += part; }).on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`etcd answered ${(response.statusCode ?? 0).toString()} to ${path}: ${text}`));
      });
    });
    sent.on('timeout', () => { sent.destroy(new Error(`etcd did not answer ${path} within ${(TIMEOUT_MS / 1000).toString()} s`)); });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}
