import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** Connections of one relay at once: far more than two members keep. */
const MAX_CONNECTIONS = 200;

/** Passes TCP connections on from one port to another, and can be cut. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;

  constructor(targetPort: number) {
    this.#server = createServer({ noDelay: true }, (incoming) => { this.#pass(incoming, targetPort); });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => { resolve(); });
    });
  }

  get isCut(): boolean { return this.#isCut; }

  /** Ends all connections and takes no more, until `heal`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  heal(): void { this.#isCut = false; }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(incoming: Socket, targetPort: number): void {
    if (this.#isCut) { incoming.resetAndDestroy(); return; }
    const outgoing = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    for (const [socket, other] of [[incoming, outgoing], [outgoing, incoming]] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => { other.destroy(); });
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    incoming.pipe(outgoing).pipe(incoming);
  }
}
