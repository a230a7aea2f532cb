import type { Row } from '../subject.ts';

/**
 * As much of the client that Prisma generates as is used here. It is installed and generated when the benchmark runs, so
 * there is nothing to import a type from.
 */
export interface PrismaTransaction {
  readonly member: Model<Row>;
  readonly project: Model<Row & { readonly version: number }>;
  readonly task: Model<{ readonly id: string }>;
  $queryRaw<Rows>(text: TemplateStringsArray, ...values: unknown[]): PrismaPromise<Rows>;
}

export interface PrismaClient extends PrismaTransaction {
  $transaction<Results extends unknown[]>(batch: {
    [Index in keyof Results]: PrismaPromise<Results[Index]>;
  }): Promise<Results>;
  $transaction<Result>(steps: (transaction: PrismaTransaction) => Promise<Result>): Promise<Result>;
  $extends(extension: {
    readonly query: {
      readonly $allModels: {
        $allOperations(operation: {
          readonly args: unknown;
          readonly query: (args: unknown) => PrismaPromise<unknown>;
        }): Promise<unknown>;
      };
    };
  }): PrismaClient;
  $disconnect(): Promise<void>;
}

/** What the generated module exports. */
export interface GeneratedPrisma {
  readonly PrismaClient: new (options: { readonly adapter: object }) => PrismaClient;
}

/** What connects it by way of pg. */
export interface PrismaAdapter {
  readonly PrismaPg: new (
    pool: { readonly connectionString: string; readonly max: number },
    options: { readonly schema: string },
  ) => object;
}

/** A query that is sent when it is awaited, or as a part of a batch. */
export interface PrismaPromise<Result> extends Promise<Result> {
  readonly [Symbol.toStringTag]: 'PrismaPromise';
}

interface Model<Found> {
  count(): Promise<number>;
  findUnique(query: object): Promise<Found | null>;
  findMany(query: object): Promise<Found[]>;
  create(query: object): Promise<Found>;
  update(query: object): Promise<Found>;
}
