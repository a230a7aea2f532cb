import { Controller, Get, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DatabaseReport, type DatabaseStatistics, Readiness } from '@tenantry/health';
import type { FastifyReply } from 'fastify';
import { ForOperators, Public } from '../tenancy/access.ts';

interface Status {
  readonly status: 'ok' | 'error';
}

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly readiness: Readiness,
    private readonly report: DatabaseReport,
  ) {}

  /** Whether the process runs; it does not ask the database. */
  @Get('live')
  @Public()
  live(): Status {
    return { status: 'ok' };
  }

  /** Whether it can serve requests: 503 when not. */
  @Get('ready')
  @Public()
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Status> {
    if (await this.readiness.isReady()) {
      return { status: 'ok' };
    }
    reply.status(503);
    return { status: 'error' };
  }

  /** Statistics of the database, for operators. */
  @Get('database')
  @ForOperators()
  database(): Promise<DatabaseStatistics> {
    return this.report.read();
  }
}
