import { readApiConfig, readMigratorConfig } from './config.ts';
import { type Environment, InvalidEnvironment } from './environment.ts';

const DATABASE_URL = 'postgresql://app:secret-password@db.example:5432/tenantry';
const api = (environment: Environment = {}) => readApiConfig({ DATABASE_URL, ...environment });
const production = { NODE_ENV: 'production', OPERATOR_TOKEN: 'a-long-operator-token' };

describe('the environment of the API', () => {
  it('has sane defaults', () => {
    expect(api()).toEqual({
      production: false,
      logLevel: 'info',
      prettyLogs: expect.any(Boolean) as boolean,
      host: '127.0.0.1',
      port: 3000,
      tenantResolvers: ['token', 'host', 'header'],
      tenantBaseDomain: 'localhost',
      tenantToken: {
        key: { kind: 'secret', secret: 'development-tenant-token-secret' },
        claim: 'tenant',
        issuer: undefined,
        audience: undefined,
      },
      trustedProxies: [],
      operatorToken: 'development-operator',
      relaysEvents: true,
      shutdown: { delayMs: 0, graceMs: 85_000 },
      queryWarningCount: 50,
      tracing: { endpoint: undefined, serviceName: 'tenantry-api', ratio: 1 },
      database: {
        url: DATABASE_URL,
        replicaUrls: [],
        poolMin: 0,
        poolMax: 10,
        poolReserved: 2,
        poolIdleTimeoutMs: 30_000,
        poolMaxLifetimeMs: 1_800_000,
        poolMaxUses: 5_000,
        instances: 1,
        acquireTimeoutMs: 5_000,
        statementTimeoutMs: 15_000,
        lockTimeoutMs: 5_000,
        idleInTransactionTimeoutMs: 15_000,
        transactionTimeoutMs: 60_000,
        commitTimeoutMs: 10_000,
        idleInTransactionWarningMs: 1_000,
        leakWarningMs: 30_000,
        connectRetries: 8,
        slowQueryMs: 200,
        allowOldServer: false,
        tenantLimits: {
          free: { concurrency: 2, queue: 50, statementTimeoutMs: 5_000 },
          team: { concurrency: 4, queue: 100, statementTimeoutMs: 15_000 },
          enterprise: { concurrency: 6, queue: 200, statementTimeoutMs: 30_000 },
        },
      },
    });
  });

  it('in production believes no header and no token, has no base domain, and wants an operator token', () => {
    expect(api(production)).toMatchObject({
      production: true,
      prettyLogs: false,
      shutdown: { delayMs: 5_000 },
      tenantResolvers: ['host'],
      tenantBaseDomain: undefined,
      tenantToken: { key: { kind: 'none' } },
    });
    expect(() => api({ NODE_ENV: 'production' })).toThrow(
      'OPERATOR_TOKEN is required in production',
    );
  });

  it('in production asks the token first when there is a key for it', () => {
    const TENANT_TOKEN_SECRET = '0123456789abcdef';

    expect(api({ ...production, TENANT_TOKEN_SECRET })).toMatchObject({
      tenantResolvers: ['token', 'host'],
      tenantToken: { key: { kind: 'secret', secret: TENANT_TOKEN_SECRET } },
    });
    expect(() => api({ ...production, TENANT_RESOLVERS: 'token' })).toThrow(
      'TENANT_TOKEN_SECRET is required when TENANT_RESOLVERS names token',
    );
  });

  it('believes the proxies that it names', () => {
    expect(api({ TRUSTED_PROXIES: '10.0.0.7, 10.1.0.0/16,::1, fd00::/8' }).trustedProxies).toEqual([
      '10.0.0.7',
      '10.1.0.0/16',
      '::1',
      'fd00::/8',
    ]);
  });

  it('asks as it is told to, in that order', () => {
    expect(api({ ...production, TENANT_RESOLVERS: 'header, host' }).tenantResolvers).toEqual([
      'header',
      'host',
    ]);
  });

  it('counts an empty variable as absent', () => {
    expect(api({ PORT: '', LOG_LEVEL: '', OPERATOR_TOKEN: '' })).toMatchObject({
      port: 3000,
      logLevel: 'info',
    });
  });
});

describe('an environment that does not fit', () => {
  it.each<[string, Environment, string]>([
    ['no database', { DATABASE_URL: undefined }, 'DATABASE_URL is required'],
    [
      'a database that is none',
      { DATABASE_URL: 'mysql://x@y/z' },
      'DATABASE_URL must look like postgresql://',
    ],
    [
      'a database without a login',
      { DATABASE_URL: 'postgresql://localhost/tenantry' },
      'DATABASE_URL must look like',
    ],
    [
      'a database without a name',
      { DATABASE_URL: 'postgresql://app@localhost/' },
      'DATABASE_URL must look like',
    ],
    [
      'a replica that is none',
      { DATABASE_REPLICA_URLS: 'postgresql://app@one/x,two' },
      'DATABASE_REPLICA_URLS must list urls like postgresql://',
    ],
    [
      'a replica with another login, whose rights nobody would inspect',
      { DATABASE_REPLICA_URLS: 'postgresql://postgres@one/tenantry' },
      'DATABASE_REPLICA_URLS must name the login of DATABASE_URL',
    ],
    [
      'more time to end than it counts as running',
      { SHUTDOWN_GRACE_MS: '120000' },
      'SHUTDOWN_GRACE_MS must be a whole number from 1 to 115000',
    ],
    [
      'an end before it has drained',
      { SHUTDOWN_DELAY_MS: '10000', SHUTDOWN_GRACE_MS: '10000' },
      'SHUTDOWN_DELAY_MS must be less than SHUTDOWN_GRACE_MS',
    ],
    [
      'limits that are no JSON',
      { TENANT_LIMITS: 'many' },
      'TENANT_LIMITS must be JSON, such as {"free":{"concurrency":3}}',
    ],
    [
      'limits of a plan that there is not',
      { TENANT_LIMITS: '{"gold":{}}' },
      'TENANT_LIMITS Unrecognized key: "gold"',
    ],
    [
      'a limit out of range',
      { TENANT_LIMITS: '{"free":{"concurrency":0}}' },
      'TENANT_LIMITS.free.concurrency must be a whole number from 1 to 1000',
    ],
    [
      'a number that is none',
      { DB_POOL_MAX: 'many' },
      'DB_POOL_MAX must be a whole number from 1 to 1000',
    ],
    [
      'a number that is too small',
      { DB_POOL_MAX: '0' },
      'DB_POOL_MAX must be a whole number from 1 to 1000',
    ],
    ['half a number', { DB_LOCK_TIMEOUT_MS: '1.5' }, 'DB_LOCK_TIMEOUT_MS must be a whole number'],
    ['a port that is none', { PORT: '70000' }, 'PORT must be a whole number from 0 to 65535'],
    [
      'a resolver that nobody knows',
      { TENANT_RESOLVERS: 'host,cookie' },
      'TENANT_RESOLVERS must list some of token, host, header',
    ],
    [
      'a collector that has no address',
      { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
      'OTEL_EXPORTER_OTLP_ENDPOINT must be an address',
    ],
    [
      'more than all traces',
      { OTEL_TRACES_SAMPLER_ARG: '2' },
      'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1',
    ],
    ['a resolver twice', { TENANT_RESOLVERS: 'host,host' }, 'TENANT_RESOLVERS must list'],
    [
      'a base domain that is none',
      { TENANT_BASE_DOMAIN: '.example.com' },
      'TENANT_BASE_DOMAIN must be a host name',
    ],
    [
      'a proxy that is no address',
      { TRUSTED_PROXIES: '10.0.0.7,proxy.example' },
      'TRUSTED_PROXIES must list addresses and networks',
    ],
    ['everybody as a proxy', { TRUSTED_PROXIES: '0.0.0.0/0' }, 'TRUSTED_PROXIES must list'],
    ['a network that is too small', { TRUSTED_PROXIES: '::1/129' }, 'TRUSTED_PROXIES must list'],
    [
      'an operator token that is too short',
      { OPERATOR_TOKEN: 'short' },
      'OPERATOR_TOKEN must have at least 16 characters',
    ],
    [
      'a NODE_ENV that nobody knows',
      { NODE_ENV: 'staging' },
      'NODE_ENV must be one of development, test, production',
    ],
  ])('with %s is refused by name', (_what, environment, problem) => {
    expect(() => api(environment)).toThrow(InvalidEnvironment);
    expect(() => api(environment)).toThrow(problem);
  });

  it('names everything that is wrong at once, and no value', () => {
    const attempt = (): unknown =>
      api({ DATABASE_URL: 'postgresql://:secret-password@x', DB_POOL_MIN: '-1', PORT: 'x' });

    expect(attempt).toThrow(/DATABASE_URL[^]*DB_POOL_MIN[^]*PORT/);
    expect(attempt).not.toThrow('secret-password');
  });
});

describe('the environment of the migrator', () => {
  const MIGRATOR_DATABASE_URL = 'postgresql://owner@db.example/tenantry';

  it('names the owner, and what is seeded', () => {
    expect(readMigratorConfig({ DATABASE_URL, MIGRATOR_DATABASE_URL })).toMatchObject({
      ownerUrl: MIGRATOR_DATABASE_URL,
      seedProfile: 'demo',
      warmSchemas: 0,
    });
    expect(
      readMigratorConfig({ DATABASE_URL, MIGRATOR_DATABASE_URL, NODE_ENV: 'production' }),
    ).toMatchObject({ production: true, seedProfile: 'reference' });
    expect(
      readMigratorConfig({ DATABASE_URL, MIGRATOR_DATABASE_URL, SEED_PROFILE: 'test' }),
    ).toMatchObject({ seedProfile: 'test' });
  });

  it('keeps as many placements ready as it says', () => {
    const migrator = (WARM_SCHEMAS: string) =>
      readMigratorConfig({ DATABASE_URL, MIGRATOR_DATABASE_URL, WARM_SCHEMAS });

    expect(migrator('20')).toMatchObject({ warmSchemas: 20 });
    expect(() => migrator('-1')).toThrow('WARM_SCHEMAS must be a whole number from 0 to 1000');
  });

  it('wants the owner', () => {
    expect(() => readMigratorConfig({ DATABASE_URL })).toThrow('MIGRATOR_DATABASE_URL is required');
  });
});
