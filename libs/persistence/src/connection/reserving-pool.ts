import pg from 'pg';
import { scopes } from '../tenant-context/scope.ts';
import { transactions } from '../unit-of-work/transaction.ts';
import { holdersAround } from './pool-deadlock.ts';
import { ServerCircuit } from './server-circuit.ts';
import { SupervisedPool, type SupervisedPoolConfig } from './supervised-pool.ts';
import { TenantAdmission } from './tenant-admission.ts';

/** What a reserving pool is made with. */
export interface ReservingPoolConfig extends SupervisedPoolConfig {
  /** Until a connection is free, or made (milliseconds). */
  readonly connectionTimeoutMillis: number;
  /** How many connections there are besides, for operators alone. */
  readonly reserved: number;
}

/**
 * The app's pool. No tenant has more of it than its limits allow, and when all of it is in use operators are given
 * connections that nobody else gets.
 */
export class ReservingPool extends SupervisedPool {
  private readonly reserve: SupervisedPool;
  private readonly admission: TenantAdmission;

  constructor({ reserved, ...config }: ReservingPoolConfig) {
    const circuit = new ServerCircuit(config.connectionTimeoutMillis);
    super({ ...config, circuit });
    this.admission = new TenantAdmission(config.connectionTimeoutMillis);
    this.reserve = new SupervisedPool({
      ...config,
      circuit,
      min: 0,
      max: reserved,
      waitsForOthers: true,
    });
  }

  /** By a connection of its own: what the circuit makes of a server that is not there does not matter yet. */
  override async reach(): Promise<void> {
    const client = new pg.Client(this.options);
    client.on('error', () => undefined);
    try {
      await client.connect();
    } finally {
      await client.end();
    }
  }

  override async end(): Promise<void> {
    await Promise.all([super.end(), this.reserve.end()]);
  }

  protected override checkOut(): Promise<pg.PoolClient> {
    const isReservedFor = scopes.getStore()?.kind === 'operator';
    return this.isFull && isReservedFor ? this.reserve.connect() : super.checkOut();
  }

  protected override async admit(): Promise<() => void> {
    const scope = scopes.getStore();
    const current = transactions.getStore();
    // Whoever has a connection would keep others from their turn while it waits for one.
    const needsTurn = current?.needsTurn !== false && holdersAround(current).length === 0;
    if (scope?.kind !== 'tenant' || !needsTurn) {
      return super.admit();
    }
    const { signal } = current?.stage === 'new' ? current : scope;
    return this.admission.enter(scope.tenant, signal);
  }
}
