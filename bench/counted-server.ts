import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { ServeOptions } from '../shared/rpc/node-server.ts';
import { HOST } from './pair.ts';

/** What went over a server: calls, bodies both ways as they travelled (compressed where they were), and all bytes of the connections. */
export interface Traffic { calls: number; bodyBytes: number; wireBytes: number }

/** Counts calls and bodies at an app. */
export function countedApp(app: ServeOptions['app'], traffic: Traffic): ServeOptions['app'] {
  return {
    serve: async (call, environment) => {
      traffic.calls += 1;
      const answer = await app.serve({ ...call, body: () => countedBody(call.body(), traffic) }, environment);
      traffic.bodyBytes += answer.body.length;
      return answer;
    },
  };
}

async function* countedBody(body: AsyncIterable<Uint8Array>, traffic: Traffic): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    traffic.bodyBytes += chunk.length;
    yield chunk;
  }
}

/** A relay before a server that counts what passes: HTTP headers and TLS included, handshakes too. */
export async function countedRelay(port: number, traffic: Traffic): Promise<{ readonly endpoint: string; stop(): void }> {
  const sockets = new Set<Socket>();
  const pass = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.on('data', (bytes: Buffer) => { traffic.wireBytes += bytes.length; });
    from.pipe(to);
    from.on('error', () => { to.destroy(); });
    from.on('close', () => { to.destroy(); sockets.delete(from); });
  };
  const relay = createServer((near) => {
    const far = connect({ host: HOST, port, noDelay: true });
    near.setNoDelay(true);
    pass(near, far);
    pass(far, near);
  });
  await new Promise<void>((resolve) => { relay.listen(0, HOST, resolve); });
  return {
    endpoint: `${HOST}:${(relay.address() as AddressInfo).port.toString()}`,
    stop: () => {
      relay.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
