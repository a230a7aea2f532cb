import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CarryOutOperations,
  ReferenceSeeding,
  RegisterTenant,
  UnitOfWork,
} from '@tenantry/application';
import {
  email,
  type Id,
  Member,
  MemberRepository,
  Project,
  projectKey,
  ProjectRepository,
  slug,
  type Tenant,
} from '@tenantry/domain';
import { createTestDatabase } from '@tenantry/embedded-postgres';
import {
  PersistenceModule,
  placed,
  ProvisioningModule,
  TenantContext,
  withFleet,
} from '@tenantry/persistence';
import { readApiConfig, readMigratorConfig } from '@tenantry/platform';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApi } from '../create-api.ts';

export const OPERATOR_TOKEN = 'operator-of-the-tests';
export const TOKEN_SECRET = 'a secret that only the tests know';

/** Ids that all tenants have, so that a leak would show. */
export const ADA = '01900000-0000-7000-8000-000000000011';
export const ONE = '01900000-0000-7000-8000-000000000021';

export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly tenant?: string;
  readonly host?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** All that the specs look at in an answer, whatever it is an answer to. */
interface Body {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly slug: string;
  readonly status: string;
  readonly number: number;
  readonly version: number;
  readonly openTaskCount: number;
  readonly requestId: string;
  readonly items: readonly Body[];
  readonly nextCursor: string | null;
}

export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Body;
  readonly text: string;
}

/** The API on a port of its own, over a database of the spec file's own, with the tenants alpha, beta and gamma. */
export async function startApi(variables: Record<string, string> = {}) {
  const database = await createTestDatabase((address) =>
    withFleet(readMigratorConfig({ ...address }), async (fleet) => {
      await fleet.migrate();
    }),
  );
  const environment = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'silent',
    OPERATOR_TOKEN,
    TENANT_TOKEN_SECRET: TOKEN_SECRET,
    ...database.address,
    ...variables,
  };
  const api = await createApi(readApiConfig(environment));
  const context = api.get(TenantContext);
  const unitOfWork = api.get(UnitOfWork);
  const provisioner = await startProvisioner(environment);

  /** A tenant with a member and a project of a task, whose ids the others have too. */
  const register = async (name: string, isolation: 'shared' | 'schema'): Promise<Tenant> => {
    const { tenant } = await context.runAsOperator('test', () =>
      api.get(RegisterTenant).run({ slug: slug(name), name, isolation }),
    );
    await provisioner.pass();
    await context.run(placed(tenant), () =>
      unitOfWork.run(async () => {
        const ada = new Member({
          id: ADA as Id<'Member'>,
          email: email('ada@example.com'),
          name: `Ada of ${name}`,
        });
        api.get(MemberRepository).add(ada);
        const one = new Project({
          id: ONE as Id<'Project'>,
          key: projectKey('ONE'),
          name: `One of ${name}`,
        });
        one.addTask({ title: `Task of ${name}`, labels: ['first'], assignee: ada });
        api.get(ProjectRepository).add(one);
      }),
    );
    return tenant;
  };
  const tenants = {
    alpha: await register('alpha', 'shared'),
    beta: await register('beta', 'shared'),
    gamma: await register('gamma', 'schema'),
  };

  const port = await listen(api);
  return {
    api,
    tenants,
    config: environment,
    call: (call: Call): Promise<Answer> => send(port, call),
    /** Carries out what has been requested, as the provisioner beside the API does. */
    provision: () => provisioner.pass(),
    stop: async (): Promise<void> => {
      await provisioner.stop();
      await api.close();
      await database.drop();
    },
  };
}

/** Another process of the same installation, over its database. */
export async function startAnother(
  { config }: Pick<Api, 'config'>,
  variables: Record<string, string> = {},
) {
  const api = await createApi(readApiConfig({ ...config, ...variables }));
  const port = await listen(api);
  return {
    api,
    call: (call: Call): Promise<Answer> => send(port, call),
    stop: () => api.close(),
  };
}

/** What is seeded is for the seeders' own specs. */
class NoSeeding extends ReferenceSeeding {
  override seed(): Promise<void> {
    return Promise.resolve();
  }
}

/** A process of its own, beside the API's. */
@Module({})
class ProvisionerModule {}

async function startProvisioner(environment: Record<string, string>) {
  const config = readMigratorConfig(environment);
  const module = await NestFactory.createApplicationContext(
    {
      module: ProvisionerModule,
      imports: [
        PersistenceModule.forRoot(config.database),
        ProvisioningModule.forRoot(config, NoSeeding),
      ],
    },
    { logger: false, abortOnError: false },
  );
  return {
    pass: () =>
      module.get(TenantContext).runAsOperator('test', () => module.get(CarryOutOperations).due()),
    stop: () => module.close(),
  };
}

async function listen(api: NestFastifyApplication): Promise<number> {
  await api.listen(0, '127.0.0.1');
  return (api.getHttpServer().address() as AddressInfo).port;
}

export type Api = Awaited<ReturnType<typeof startApi>>;

export function send(
  port: number,
  { method, path, tenant, host, headers, body }: Call,
): Promise<Answer> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        path,
        method: method ?? (payload === undefined ? 'GET' : 'POST'),
        headers: {
          host: host ?? `127.0.0.1:${port}`,
          ...(tenant !== undefined && { 'x-tenant-id': tenant }),
          ...(payload !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const isJson = (response.headers['content-type'] ?? '').includes('json');
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: (isJson ? JSON.parse(text) : {}) as Body,
            text,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload);
  });
}
