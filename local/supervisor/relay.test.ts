import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findFreePorts, firstTaken } from './ports.ts';
import { Relay } from './relay.ts';

describe('a relay', () => {
  let echo: Server;
  let relay: Relay;
  let port: number;

  beforeEach(async () => {
    echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    port = await findFreePorts(1);
    relay = new Relay((echo.address() as AddressInfo).port);
    await relay.listen(port);
  });
  afterEach(() => {
    relay.close();
    echo.close();
  });

  const dial = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  };

  /** However it ends. */
  const closing = (socket: Socket): Promise<void> => new Promise((resolve) => { socket.once('close', () => { resolve(); }); });

  test('passes on what is sent, both ways', async () => {
    const socket = await dial();
    socket.write('hello');

    expect(String((await once(socket, 'data'))[0])).toBe('hello');
    socket.destroy();
  });

  test('that is cut ends its connections and takes no more, until it heals', async () => {
    const before = await dial();
    before.on('error', () => undefined);
    const ended = closing(before);
    relay.cut();
    await ended;
    const during = connect(port, '127.0.0.1');
    during.on('error', () => undefined);
    await closing(during);

    relay.heal();

    const after = await dial();
    after.write('again');
    expect(String((await once(after, 'data'))[0])).toBe('again');
    after.destroy();
  });

  test('holds its port', async () => {
    expect(await firstTaken(port, 1)).toBe(port);
  });
});
