import { z } from 'zod';
import { type Environment, readEnvironment } from './environment.ts';
import {
  secret,
  tenantTokenConfig,
  type TenantTokenConfig,
  tenantTokenVariables,
} from './tenant-token.ts';
import { tracingConfig, type TracingConfig, tracingVariables } from './tracing-config.ts';
import { trustedProxies } from './trusted-proxies.ts';

/** The ways to find out which tenant a request is for. */
export const TENANT_RESOLVERS = ['token', 'host', 'header'] as const;
export type TenantResolverName = (typeof TENANT_RESOLVERS)[number];

/** What can be seeded; all but `reference` only outside production. */
export const SEED_PROFILES = ['reference', 'demo', 'test', 'load'] as const;
export type SeedProfile = (typeof SEED_PROFILES)[number];

/** For each plan, unless `TENANT_LIMITS` says otherwise. */
const TENANT_LIMITS = {
  free: { concurrency: 2, queue: 50, statementTimeoutMs: 5_000 },
  team: { concurrency: 4, queue: 100, statementTimeoutMs: 15_000 },
  enterprise: { concurrency: 6, queue: 200, statementTimeoutMs: 30_000 },
} as const satisfies Record<string, TenantLimits>;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What every process of Tenantry is told. */
export interface CommonConfig {
  readonly production: boolean;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Whether people read the log as it is written: in development. */
  readonly prettyLogs: boolean;
  readonly database: DatabaseConfig;
}

/** How to reach the database, and how long to wait for what (all times in milliseconds). */
export interface DatabaseConfig {
  /** The app's login. */
  readonly url: string;
  /** The same login on replicas, for units of work that only read. */
  readonly replicaUrls: readonly string[];
  readonly poolMin: number;
  readonly poolMax: number;
  /** Connections besides, for operators alone: a full pool does not keep them out. */
  readonly poolReserved: number;
  /** A connection that nobody has used for so long is closed, as far as there are more than the pool's least. */
  readonly poolIdleTimeoutMs: number;
  /** A connection is closed, once nobody uses it, when it is so old … */
  readonly poolMaxLifetimeMs: number;
  /** … or has been used so often: the server keeps some 10 kB for every table that it has ever touched. */
  readonly poolMaxUses: number;
  /** How many processes with such pools there are: what the server can give is for all of them. */
  readonly instances: number;
  /** Until a connection is free, or made, and until it answers that it has begun. */
  readonly acquireTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  readonly idleInTransactionTimeoutMs: number;
  /** Until a whole transaction is given up, whatever it waits for. */
  readonly transactionTimeoutMs: number;
  /** Until the reply to a COMMIT is given up; then as long again for finding out what became of it. */
  readonly commitTimeoutMs: number;
  /** A transaction that waits longer for anything but the database is logged as a warning. */
  readonly idleInTransactionWarningMs: number;
  /** A connection that is held for longer is logged as a warning, with where it was taken. */
  readonly leakWarningMs: number;
  /** How often connecting is tried again when the process starts. */
  readonly connectRetries: number;
  /** A query that takes longer is logged as a warning. */
  readonly slowQueryMs: number;
  /** Whether production may run on a server that lacks known fixes of row security. */
  readonly allowOldServer: boolean;
  /** What tenants of each plan may use. */
  readonly tenantLimits: Readonly<Record<keyof typeof TENANT_LIMITS, TenantLimits>>;
}

/** How much of the database one tenant may use at once, in each process. */
export interface TenantLimits {
  /** How many units of work go on at once. */
  readonly concurrency: number;
  /** How many more may wait for their turn; whoever comes then is turned away. */
  readonly queue: number;
  readonly statementTimeoutMs: number;
}

export interface ApiConfig extends CommonConfig {
  readonly host: string;
  readonly port: number;
  /** In the order in which they are asked. */
  readonly tenantResolvers: readonly TenantResolverName[];
  /** `acme.<this>` is tenant acme; without it only the domains that tenants bring along are known. */
  readonly tenantBaseDomain: string | undefined;
  readonly tenantToken: TenantTokenConfig;
  /** Who may say by `x-forwarded-host` which host was asked: addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly operatorToken: string;
  /** Whether this process delivers events, beside serving requests. */
  readonly relaysEvents: boolean;
  /** How it ends when it is told to (milliseconds). */
  readonly shutdown: {
    /** It is not ready any more and still serves, until nobody sends it requests. */
    readonly delayMs: number;
    /** After this it ends, whatever is still under way: less than whoever has told it to grants it. */
    readonly graceMs: number;
  };
  /** A request that sends more statements is logged as a warning. */
  readonly queryWarningCount: number;
  readonly tracing: TracingConfig;
}

/** What minting tokens takes: no database. */
export interface MintConfig {
  readonly production: boolean;
  readonly tenantToken: TenantTokenConfig;
}

export interface MigratorConfig extends CommonConfig {
  /** The owner that runs DDL: any role that may create roles and schemas, and databases for `create`. */
  readonly ownerUrl: string;
  readonly seedProfile: SeedProfile;
  /** How many placements the provisioner keeps ready for tenants to come; none unless said otherwise. */
  readonly warmSchemas: number;
}

/** @throws {InvalidEnvironment} */
export function readApiConfig(environment?: Environment): ApiConfig {
  return readEnvironment(api, environment);
}

/**
 * Of a process that uses the database as the app does, and is nothing else.
 * @throws {InvalidEnvironment}
 */
export function readCommonConfig(environment?: Environment): CommonConfig {
  return readEnvironment(common.transform(commonConfig), environment);
}

/** @throws {InvalidEnvironment} */
export function readMintConfig(environment?: Environment): MintConfig {
  return readEnvironment(mint, environment);
}

/** @throws {InvalidEnvironment} */
export function readMigratorConfig(environment?: Environment): MigratorConfig {
  return readEnvironment(migrator, environment);
}

const common = z.object({
  NODE_ENV: oneOf(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
  DATABASE_URL: databaseUrl(),
  DATABASE_REPLICA_URLS: z.string().transform(listOfUrls).default([]),
  DB_POOL_MIN: wholeNumber(0, 1000).default(0),
  DB_POOL_MAX: wholeNumber(1, 1000).default(10),
  DB_POOL_RESERVED: wholeNumber(1, 100).default(2),
  DB_POOL_IDLE_TIMEOUT_MS: wholeNumber(1, 86_400_000).default(30_000),
  DB_POOL_MAX_LIFETIME_MS: wholeNumber(1_000, 86_400_000).default(1_800_000),
  DB_POOL_MAX_USES: wholeNumber(1, 1_000_000).default(5_000),
  DB_INSTANCES: wholeNumber(1, 10_000).default(1),
  DB_POOL_ACQUIRE_TIMEOUT_MS: wholeNumber(1, 600_000).default(5_000),
  DB_STATEMENT_TIMEOUT_MS: wholeNumber(1, 3_600_000).default(15_000),
  DB_LOCK_TIMEOUT_MS: wholeNumber(1, 3_600_000).default(5_000),
  DB_IDLE_IN_TX_TIMEOUT_MS: wholeNumber(1, 3_600_000).default(15_000),
  DB_TRANSACTION_TIMEOUT_MS: wholeNumber(1, 86_400_000).default(60_000),
  DB_COMMIT_TIMEOUT_MS: wholeNumber(1, 3_600_000).default(10_000),
  DB_IDLE_IN_TX_WARNING_MS: wholeNumber(1, 3_600_000).default(1_000),
  DB_LEAK_WARNING_MS: wholeNumber(1, 86_400_000).default(30_000),
  DB_CONNECT_RETRIES: wholeNumber(0, 100).default(8),
  DB_SLOW_QUERY_MS: wholeNumber(1, 3_600_000).default(200),
  DB_ALLOW_OLD_SERVER: oneOf(['true', 'false']).default('false'),
  TENANT_LIMITS: tenantLimits().default(TENANT_LIMITS),
});

/** A host name in lower case, of one label or more. */
const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.|$))+(?<!\.)$/;

const apiVariables = common.extend({
  ...tenantTokenVariables.shape,
  PORT: wholeNumber(0, 65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  TENANT_RESOLVERS: z.string().transform(listOf(TENANT_RESOLVERS)).optional(),
  TENANT_BASE_DOMAIN: z
    .string()
    .toLowerCase()
    .regex(HOST_NAME, { error: 'must be a host name, such as example.com' })
    .optional(),
  TRUSTED_PROXIES: trustedProxies.default([]),
  OPERATOR_TOKEN: secret().optional(),
  OUTBOX_RELAY: oneOf(['on', 'off']).default('on'),
  SHUTDOWN_DELAY_MS: wholeNumber(0, 600_000).optional(),
  // A process counts as running for two minutes after it was told to end: a contract would not wait for longer.
  SHUTDOWN_GRACE_MS: wholeNumber(1, 115_000).default(85_000),
  DB_QUERY_WARNING_COUNT: wholeNumber(1, 1_000_000).default(50),
  ...tracingVariables.shape,
});

const api = apiVariables.transform((env, context): ApiConfig => {
  const production = env.NODE_ENV === 'production';
  const complain = complainTo(context);
  const tenantToken = tenantTokenConfig(env, production, complain);
  const hasTokens = tenantToken.key.kind !== 'none';
  if (production && env.OPERATOR_TOKEN === undefined) {
    complain('OPERATOR_TOKEN', 'is required in production');
  }
  if (env.TENANT_RESOLVERS?.includes('token') && !hasTokens) {
    complain(
      'TENANT_TOKEN_SECRET',
      'is required when TENANT_RESOLVERS names token, unless there is a TENANT_TOKEN_PUBLIC_KEY or TENANT_TOKEN_JWKS_URL',
    );
  }
  const shutdown = {
    delayMs: env.SHUTDOWN_DELAY_MS ?? (production ? 5_000 : 0),
    graceMs: env.SHUTDOWN_GRACE_MS,
  };
  if (shutdown.delayMs >= shutdown.graceMs) {
    complain('SHUTDOWN_DELAY_MS', 'must be less than SHUTDOWN_GRACE_MS, which it is a part of');
  }
  // The header is anybody's word for it: a convenience, which production turns off.
  const resolvers = TENANT_RESOLVERS.filter(
    (name) => (name !== 'token' || hasTokens) && (name !== 'header' || !production),
  );
  return {
    ...commonConfig(env, context),
    host: env.HOST,
    port: env.PORT,
    tenantResolvers: env.TENANT_RESOLVERS ?? resolvers,
    tenantBaseDomain: env.TENANT_BASE_DOMAIN ?? (production ? undefined : 'localhost'),
    tenantToken,
    trustedProxies: env.TRUSTED_PROXIES,
    operatorToken: env.OPERATOR_TOKEN ?? 'development-operator',
    relaysEvents: env.OUTBOX_RELAY === 'on',
    shutdown,
    queryWarningCount: env.DB_QUERY_WARNING_COUNT,
    tracing: tracingConfig(env),
  };
});

const mint = common
  .pick({ NODE_ENV: true })
  .extend(tenantTokenVariables.shape)
  .transform((env, context): MintConfig => {
    const production = env.NODE_ENV === 'production';
    return { production, tenantToken: tenantTokenConfig(env, production, complainTo(context)) };
  });

const migratorVariables = common.extend({
  MIGRATOR_DATABASE_URL: databaseUrl(),
  SEED_PROFILE: oneOf(SEED_PROFILES).optional(),
  WARM_SCHEMAS: wholeNumber(0, 1000).default(0),
});

const migrator = migratorVariables.transform((env, context): MigratorConfig => {
  const config = commonConfig(env, context);
  return {
    ...config,
    ownerUrl: env.MIGRATOR_DATABASE_URL,
    seedProfile: env.SEED_PROFILE ?? (config.production ? 'reference' : 'demo'),
    warmSchemas: env.WARM_SCHEMAS,
  };
});

/** The names of all variables that an app reads. */
export const VARIABLES = {
  api: Object.keys(apiVariables.shape),
  migrator: Object.keys(migratorVariables.shape),
} as const satisfies Record<string, readonly string[]>;

function commonConfig(env: z.infer<typeof common>, context: z.RefinementCtx): CommonConfig {
  const isOfLogin = (url: string): boolean =>
    new URL(url).username === new URL(env.DATABASE_URL).username;
  // Its rights are inspected at the primary.
  if (!env.DATABASE_REPLICA_URLS.every(isOfLogin)) {
    complainTo(context)('DATABASE_REPLICA_URLS', 'must name the login of DATABASE_URL');
  }
  return {
    production: env.NODE_ENV === 'production',
    logLevel: env.LOG_LEVEL,
    prettyLogs: env.NODE_ENV === 'development' && isInstalled('pino-pretty'),
    database: {
      url: env.DATABASE_URL,
      replicaUrls: env.DATABASE_REPLICA_URLS,
      poolMin: env.DB_POOL_MIN,
      poolMax: env.DB_POOL_MAX,
      poolReserved: env.DB_POOL_RESERVED,
      poolIdleTimeoutMs: env.DB_POOL_IDLE_TIMEOUT_MS,
      poolMaxLifetimeMs: env.DB_POOL_MAX_LIFETIME_MS,
      poolMaxUses: env.DB_POOL_MAX_USES,
      instances: env.DB_INSTANCES,
      acquireTimeoutMs: env.DB_POOL_ACQUIRE_TIMEOUT_MS,
      statementTimeoutMs: env.DB_STATEMENT_TIMEOUT_MS,
      lockTimeoutMs: env.DB_LOCK_TIMEOUT_MS,
      idleInTransactionTimeoutMs: env.DB_IDLE_IN_TX_TIMEOUT_MS,
      transactionTimeoutMs: env.DB_TRANSACTION_TIMEOUT_MS,
      commitTimeoutMs: env.DB_COMMIT_TIMEOUT_MS,
      idleInTransactionWarningMs: env.DB_IDLE_IN_TX_WARNING_MS,
      leakWarningMs: env.DB_LEAK_WARNING_MS,
      connectRetries: env.DB_CONNECT_RETRIES,
      slowQueryMs: env.DB_SLOW_QUERY_MS,
      allowOldServer: env.DB_ALLOW_OLD_SERVER === 'true',
      tenantLimits: env.TENANT_LIMITS,
    },
  };
}

function complainTo(context: z.RefinementCtx): (name: string, problem: string) => void {
  return (name, problem) => {
    context.addIssue({ code: 'custom', path: [name], message: problem });
  };
}

function wholeNumber(least: number, most: number): z.ZodCoercedNumber {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
}

function oneOf<const Names extends readonly [string, ...string[]]>(
  names: Names,
): z.ZodEnum<{ [Name in Names[number]]: Name }> {
  return z.enum(names, { error: `must be one of ${names.join(', ')}` });
}

function listOf<const Names extends readonly string[]>(names: Names) {
  return (value: string, context: z.RefinementCtx): Names[number][] => {
    const listed = value.split(',').map((name) => name.trim());
    if (!listed.every((name) => names.includes(name)) || new Set(listed).size < listed.length) {
      context.addIssue(`must list some of ${names.join(', ')}, each once, with commas between`);
    }
    return listed;
  };
}

/** JSON with what is to be different from the defaults, such as `{"free":{"queue":10}}`. */
function tenantLimits() {
  const of = ({ concurrency, queue, statementTimeoutMs }: TenantLimits) =>
    z
      .strictObject({
        concurrency: wholeNumber(1, 1_000).default(concurrency),
        queue: wholeNumber(0, 100_000).default(queue),
        statementTimeoutMs: wholeNumber(1, 3_600_000).default(statementTimeoutMs),
      })
      .prefault({});
  return z
    .string()
    .transform((value, context) => {
      try {
        return JSON.parse(value) as unknown;
      } catch {
        context.addIssue('must be JSON, such as {"free":{"concurrency":3}}');
        return z.NEVER;
      }
    })
    .pipe(
      z.strictObject({
        free: of(TENANT_LIMITS.free),
        team: of(TENANT_LIMITS.team),
        enterprise: of(TENANT_LIMITS.enterprise),
      }),
    );
}

function databaseUrl(): z.ZodString {
  return z
    .string({
      error:
        'is required, such as postgresql://login:password@host:5432/database ' +
        '(the Nx targets bring an embedded PostgreSQL along)',
    })
    .refine(isDatabaseUrl, {
      error: 'must look like postgresql://login:password@host:5432/database',
    });
}

function listOfUrls(value: string, context: z.RefinementCtx): string[] {
  const listed = value.split(',').map((url) => url.trim());
  if (!listed.every(isDatabaseUrl)) {
    context.addIssue(
      'must list urls like postgresql://login:password@host:5432/database, with commas between',
    );
  }
  return listed;
}

function isDatabaseUrl(value: string): boolean {
  const url = URL.parse(value);
  return (
    url !== null &&
    /^postgres(?:ql)?:$/.test(url.protocol) &&
    url.username !== '' &&
    /^\/[^/]+$/.test(url.pathname)
  );
}

/** A development tool is not there where only what production needs has been installed. */
function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
