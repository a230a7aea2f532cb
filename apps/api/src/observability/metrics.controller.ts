import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { METRICS_TYPE, readMetrics } from '@tenantry/platform';
import type { FastifyRequest } from 'fastify';
import { Public } from '../tenancy/access.ts';
import { MetricsAccess } from './metrics-access.ts';

@ApiExcludeController()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly access: MetricsAccess) {}

  /** For Prometheus. It runs in no scope: to be asked every few seconds is nothing to be audited. */
  @Get()
  @Public()
  @Header('content-type', METRICS_TYPE)
  read(@Req() request: FastifyRequest): Promise<string> {
    this.access.mustHave(request);
    return readMetrics();
  }
}
