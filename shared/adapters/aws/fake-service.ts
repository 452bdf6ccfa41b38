// Test code only: a service on the loopback device that answers as a test says.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (incoming: IncomingMessage, outgoing: ServerResponse, body: string) => void;

/** An HTTP server with one way to answer; its address and its end. */
export async function startService(answer: Answer): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server: Server = createServer((incoming, outgoing) => {
    const parts: Buffer[] = [];
    incoming.on('data', (part: Buffer) => parts.push(part));
    incoming.on('end', () => { answer(incoming, outgoing, Buffer.concat(parts).toString()); });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port.toString()}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
