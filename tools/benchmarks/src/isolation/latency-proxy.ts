import { createServer, type AddressInfo, Socket } from 'node:net';
import { ClientMessages } from './client-messages.ts';

/**
 * A process of its own: `node latency-proxy.ts <host> <port> <delay in ms>`. It passes on what comes, with the delay on the way
 * to the server, so that a round trip takes that much longer, and counts. It tells its parent the port, and the counts when asked.
 */
const [host = '', port = '', delay = ''] = process.argv.slice(2);
const delayMs = Number(delay);
const counted = { roundTrips: 0, messages: 0 };

/** What is counted of a client since the last time it was asked. */
export type Counted = Readonly<typeof counted>;

const listener = createServer((client) => {
  const server = new Socket().connect(Number(port), host);
  const messages = new ClientMessages();
  const queue: { readonly bytes: Buffer; readonly dueAt: number }[] = [];
  let isAnswered = true;

  const deliver = (): void => {
    for (let next = queue[0]; next && next.dueAt <= performance.now(); next = queue[0]) {
      server.write(next.bytes);
      queue.shift();
    }
    schedule();
  };
  const schedule = (): void => {
    const [next] = queue;
    const left = next ? next.dueAt - performance.now() : 0;
    if (left >= 0.5) {
      setTimeout(deliver, left);
    } else if (next) {
      setImmediate(deliver);
    }
  };

  client.setNoDelay(true).on('data', (bytes: Buffer) => {
    counted.roundTrips += isAnswered ? 1 : 0;
    counted.messages += messages.count(bytes);
    isAnswered = false;
    if (queue.push({ bytes, dueAt: performance.now() + delayMs }) === 1) {
      schedule();
    }
  });
  server.setNoDelay(true).on('data', (bytes: Buffer) => {
    isAnswered = true;
    client.write(bytes);
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => undefined).on('close', () => other.destroy());
  }
});

listener.listen(0, '127.0.0.1', () => {
  process.send?.((listener.address() as AddressInfo).port);
});
process.on('message', () => {
  process.send?.(counted);
  Object.assign(counted, { roundTrips: 0, messages: 0 });
});
process.on('disconnect', () => process.exit());
