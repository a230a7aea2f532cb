import {
  Logger as NestLogger,
  StandardSchemaSerializerInterceptor,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { NestFactory, Reflector } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Idempotency, IsolationCheck } from '@tenantry/persistence';
import { type ApiConfig, nestLevels } from '@tenantry/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { ApiModule } from './api.module.ts';
import { setUpDocs } from './docs.ts';
import { IdempotencyInterceptor } from './http/idempotency.interceptor.ts';
import { InvalidInput } from './http/invalid-input.ts';
import { requestId } from './http/request-id.ts';
import { problemOf, sendProblem } from './http/problem.ts';
import { ProblemFilter } from './http/problem.filter.ts';
import { mustBeSaidOnce } from './http/said-once.ts';
import { Draining } from './shutdown/draining.ts';
import { observeRequests } from './observability/observe-requests.ts';
import { ScopeInterceptor } from './tenancy/scope.interceptor.ts';

/** The largest body that is read. */
const MOST_BYTES = 256 * 1024;

/**
 * The API, ready to listen.
 * @throws {NotIsolated} in production, on a database that would let tenants leak
 */
export async function createApi(config: ApiConfig): Promise<NestFastifyApplication> {
  const api = await NestFactory.create<NestFastifyApplication>(
    ApiModule.forRoot(config),
    adapter(config),
    { bufferLogs: true, abortOnError: false },
  );
  api.useLogger(api.get(Logger));
  NestLogger.overrideLogger(nestLevels(config.logLevel));
  await mustBeIsolated(api, config);
  api.useGlobalFilters(new ProblemFilter());
  api.useGlobalInterceptors(
    api.get(ScopeInterceptor),
    new IdempotencyInterceptor(api.get(Reflector), api.get(Idempotency)),
    new StandardSchemaSerializerInterceptor(api.get(Reflector)),
  );
  api.useGlobalPipes(
    new StandardSchemaValidationPipe({ exceptionFactory: (issues) => new InvalidInput(issues) }),
  );
  leaveConnections(api);
  setUpDocs(api);
  return api;
}

/** While it drains, whoever has an answer is told to come back on another connection, which another process may get. */
function leaveConnections(api: NestFastifyApplication): void {
  const draining = api.get(Draining);
  api
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, _payload, done) => {
      if (draining.hasBegun) {
        void reply.header('connection', 'close');
      }
      done();
    });
}

async function mustBeIsolated(api: NestFastifyApplication, config: ApiConfig): Promise<void> {
  const { production, database } = config;
  try {
    await api.get(IsolationCheck).atStart({ production, allowOldServer: database.allowOldServer });
  } catch (error) {
    await api.close();
    throw error;
  }
}

function adapter(config: ApiConfig): FastifyAdapter {
  const fastify = new FastifyAdapter({
    bodyLimit: MOST_BYTES,
    trustProxy: [...config.trustedProxies],
    genReqId: requestId,
    // What Fastify refuses before there is a route for it, such as a path that is badly encoded.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      sendProblem(reply, problemOf(error, request));
    },
  });
  observeRequests(fastify.getInstance(), config);
  fastify.getInstance().addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    try {
      mustBeSaidOnce(request.raw);
    } catch (error) {
      sendProblem(reply, problemOf(error, request));
      return;
    }
    done();
  });
  return fastify;
}
