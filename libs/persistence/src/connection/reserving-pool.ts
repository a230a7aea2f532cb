import type pg from 'pg';
import { scopes } from '../tenant-context/scope.ts';
import { ServerCircuit } from './server-circuit.ts';
import { SupervisedPool, type SupervisedPoolConfig } from './supervised-pool.ts';

/** What a reserving pool is made with. */
export interface ReservingPoolConfig extends SupervisedPoolConfig {
  /** Until a connection is free, or made (milliseconds). */
  readonly connectionTimeoutMillis: number;
  /** How many connections there are besides, for operators alone. */
  readonly reserved: number;
}

/** The app's pool. When all of it is in use operators are given connections that nobody else gets. */
export class ReservingPool extends SupervisedPool {
  private readonly reserve: SupervisedPool;

  constructor({ reserved, ...config }: ReservingPoolConfig) {
    const circuit = new ServerCircuit(config.connectionTimeoutMillis);
    super({ ...config, circuit });
    this.reserve = new SupervisedPool({
      ...config,
      circuit,
      min: 0,
      max: reserved,
      waitsForOthers: true,
    });
  }

  override async end(): Promise<void> {
    await Promise.all([super.end(), this.reserve.end()]);
  }

  protected override checkOut(): Promise<pg.PoolClient> {
    const isReservedFor = scopes.getStore()?.kind === 'operator';
    return this.isFull && isReservedFor ? this.reserve.connect() : super.checkOut();
  }
}
