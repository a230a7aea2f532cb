import 'reflect-metadata';
import {
  Controller,
  Get,
  Headers,
  Inject,
  Module,
  Query,
  SerializeOptions,
  StandardSchemaSerializerInterceptor,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { MikroORM } from '@mikro-orm/postgresql';
import { loggingModule, readMigratorConfig } from '@tenantry/platform';
import { Logger } from 'nestjs-pino';
import { z } from 'zod';
import { ormAt } from './isolation/subjects/mikro-orm.ts';

/**
 * GET /projects as the API has it (Nest, Fastify, pino, schemas of query and answer, rows by Kysely), and no tenancy: a process of its
 * own, which connects as the floor's login. It tells its parent its address.
 */
const timestamp = z.date().transform((date) => date.toISOString());
const page = z.object({
  items: z.array(
    z.object({
      id: z.uuid(),
      key: z.string(),
      name: z.string(),
      description: z.string(),
      status: z.string(),
      archivedAt: timestamp.nullable(),
      settings: z.object({ color: z.string().optional(), icon: z.string().optional() }),
      openTaskCount: z.int(),
      version: z.int(),
      createdAt: timestamp,
      updatedAt: timestamp,
    }),
  ),
  nextCursor: z.string().nullable(),
});
const query = z.strictObject({ limit: z.coerce.number().int().min(1).max(100).default(20) });

interface Tables {
  readonly project: {
    readonly tenant_id: string;
    readonly id: string;
    readonly key: string;
    readonly name: string;
    readonly description: string;
    readonly status: string;
    readonly archived_at: string | null;
    readonly settings: object;
    readonly open_task_count: number;
    readonly version: number;
    readonly created_at: string;
    readonly updated_at: string;
  };
}

@Controller('projects')
class ProjectsController {
  constructor(@Inject(MikroORM) private readonly orm: MikroORM) {}

  @Get()
  @SerializeOptions({ schema: page })
  async list(
    @Headers('x-tenant-id') tenantId: string,
    @Query({ schema: query }) { limit }: z.output<typeof query>,
  ): Promise<object> {
    const found = await this.orm.em
      .fork()
      .getKysely<Tables>()
      .selectFrom('project')
      .select([
        'id',
        'key',
        'name',
        'description',
        'status',
        'archived_at as archivedAt',
        'settings',
        'open_task_count as openTaskCount',
        'version',
        'created_at as createdAt',
        'updated_at as updatedAt',
      ])
      .where('tenant_id', '=', tenantId)
      .where('archived_at', 'is', null)
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const items = found.slice(0, limit).map(({ archivedAt, createdAt, updatedAt, ...row }) => ({
      ...row,
      archivedAt: archivedAt === null ? null : new Date(archivedAt),
      createdAt: new Date(createdAt),
      updatedAt: new Date(updatedAt),
    }));
    const next = found.length > limit ? (items.at(-1)?.id ?? null) : null;
    return { items, nextCursor: next && Buffer.from(next).toString('base64url') };
  }
}

@Module({})
class PlainModule {}

const { database, ...config } = readMigratorConfig();
const orm = ormAt(database.url, database.poolMax);
const api = await NestFactory.create<NestFastifyApplication>(
  {
    module: PlainModule,
    imports: [loggingModule({ ...config, database })],
    providers: [{ provide: MikroORM, useValue: orm }],
    controllers: [ProjectsController],
  },
  new FastifyAdapter(),
  { bufferLogs: true },
);
api.useLogger(api.get(Logger));
api.useGlobalInterceptors(new StandardSchemaSerializerInterceptor(api.get(Reflector)));
api.useGlobalPipes(new StandardSchemaValidationPipe());
await api.listen(0, '127.0.0.1');
process.send?.(await api.getUrl());
