import { Controller, Get, Header, Res, UseGuards } from '@nestjs/common';
import { ApiBearerAuth, ApiTags } from '@nestjs/swagger';
import { type DatabaseHealth, HealthReport, Readiness, Startup } from '@tenantry/health';
import type { FastifyReply } from 'fastify';
import { SECURITY } from '../docs.ts';
import { Public } from '../tenancy/access.ts';
import { OperatorGuard } from './operator-guard.ts';

/** All that everybody may know. */
interface Health {
  readonly status: 'ok' | 'error';
}

/** An answer is about this moment. */
const NOT_STORED = ['cache-control', 'no-store'] as const;

@ApiTags('health')
@Controller('health')
export class HealthController {
  constructor(
    private readonly startup: Startup,
    private readonly readiness: Readiness,
    private readonly report: HealthReport,
  ) {}

  /** Whether the process runs; it does not ask the database. */
  @Get('live')
  @Public()
  @Header(...NOT_STORED)
  live(): Health {
    return { status: 'ok' };
  }

  /** Whether all of it has been started: 503 before that. It does not ask the database. */
  @Get('started')
  @Public()
  @Header(...NOT_STORED)
  started(@Res({ passthrough: true }) reply: FastifyReply): Health {
    return answer(this.startup.isComplete, reply);
  }

  /** Whether it can serve requests: 503 when not. */
  @Get('ready')
  @Public()
  @Header(...NOT_STORED)
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<Health> {
    return answer(await this.readiness.isReady(), reply);
  }

  /** How the database is, and why this process is not ready: for operators, from memory. */
  @Get('database')
  @Public()
  @UseGuards(OperatorGuard)
  @ApiBearerAuth(SECURITY.operator)
  @Header(...NOT_STORED)
  database(): Promise<DatabaseHealth> {
    return this.report.read();
  }
}

function answer(isGood: boolean, reply: FastifyReply): Health {
  if (isGood) {
    return { status: 'ok' };
  }
  reply.status(503);
  return { status: 'error' };
}
