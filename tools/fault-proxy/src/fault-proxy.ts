import type { ServerAddress } from '@tenantry/embedded-postgres';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Faults } from './commit-fault.ts';
import { Connection, type Surroundings } from './connection.ts';
import { type Counters, noneCounted } from './counters.ts';
import { goodNetwork, type Network } from './network.ts';

/** Which connections are one. */
export type BlackHole = 'none' | 'existing' | 'new' | 'all';

const LOOPBACK = '127.0.0.1';

/**
 * Starts a proxy on the loopback interface, before a PostgreSQL that is or will be there. It passes everything on until
 * it is told otherwise, and does not keep the process alive.
 */
export async function startFaultProxy(target: Surroundings['target']): Promise<FaultProxy> {
  const proxy = new FaultProxy(target);
  await proxy.acceptConnections();
  return proxy;
}

/** What stands before the server: a test says what it does to connections, at any time and in any combination. */
export class FaultProxy {
  /** How well all connections get on. */
  readonly network: Network = goodNetwork();
  /** Which COMMITs go wrong. */
  readonly faults: Faults = {};
  readonly counters: Readonly<Counters>;
  readonly #around: Surroundings;
  readonly #connections = new Set<Connection>();
  #listener: Server | undefined;
  #port = 0;
  #swallowsNew = false;

  constructor(target: Surroundings['target']) {
    const counters = noneCounted();
    this.counters = counters;
    this.#around = { target, network: this.network, faults: this.faults, counters };
  }

  /** The logins and the database of the server, reached by way of the proxy. */
  address(server: ServerAddress): ServerAddress {
    return {
      DATABASE_URL: this.#at(server.DATABASE_URL),
      MIGRATOR_DATABASE_URL: this.#at(server.MIGRATOR_DATABASE_URL),
    };
  }

  /**
   * Breaks connections now.
   * @param which all, unless it says otherwise; it is told the pid of the server's process, if there is one
   * @returns how many
   */
  reset(
    which: (connection: { readonly backend: number | undefined }) => boolean = () => true,
  ): number {
    const broken = [...this.#connections].filter(which);
    for (const connection of broken) {
      connection.reset();
    }
    return broken.length;
  }

  /**
   * On connections that are a black hole nothing flows, both sides stay open, and neither learns what becomes of the
   * other. New ones are accepted, and never answered. What was sent meanwhile arrives when it is over.
   * @param which the existing ones are those that exist now
   */
  blackHole(which: BlackHole): void {
    this.#swallowsNew = which === 'new' || which === 'all';
    for (const { gate } of this.#connections) {
      if (which === 'existing' || which === 'all') {
        gate.shut();
      } else {
        gate.open();
      }
    }
  }

  /** New connections are refused, as by a machine on which nothing listens; existing ones stay. */
  refuseConnections(): void {
    this.#listener?.close();
    this.#listener = undefined;
  }

  /** @throws {Error} when something else has taken the port meanwhile */
  async acceptConnections(): Promise<void> {
    if (this.#listener) {
      return;
    }
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      this.#take(client);
    });
    listener.listen(this.#port, LOOPBACK).unref();
    await once(listener, 'listening');
    listener.on('error', () => undefined);
    this.#listener = listener;
    this.#port = (listener.address() as AddressInfo).port;
  }

  /** No more faults, for new connections and those that have survived; what is on its way by now takes its time. */
  async heal(): Promise<void> {
    Object.assign(this.network, goodNetwork());
    this.faults.onCommit = undefined;
    this.blackHole('none');
    await this.acceptConnections();
  }

  /** Ends it, and all connections at once. */
  async close(): Promise<void> {
    this.refuseConnections();
    const connections = [...this.#connections];
    for (const connection of connections) {
      connection.destroy();
    }
    await Promise.all(connections.map(({ closed }) => closed));
  }

  #take(client: Socket): void {
    const connection = new Connection(client, this.#around);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    if (this.#swallowsNew) {
      connection.gate.shut();
    }
    void connection.open();
  }

  #at(url: string): string {
    const address = new URL(url);
    address.host = `${LOOPBACK}:${this.#port}`;
    return address.href;
  }
}
