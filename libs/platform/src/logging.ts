import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DynamicModule, type LogLevel, RequestMethod } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { CommonConfig } from './config.ts';
import { errorWithoutValues } from './error-without-values.ts';
import { accountOf } from './request-account.ts';
import { currentTraceId } from './tracing.ts';

/** What Nest tells of its start in dozens of lines, which nobody reads. */
const NOISY_CONTEXTS = ['InstanceLoader', 'RouterExplorer', 'RoutesResolver'];

const LEVELS: Readonly<Record<CommonConfig['logLevel'], readonly LogLevel[]>> = {
  silent: [],
  fatal: ['fatal'],
  error: ['fatal', 'error'],
  warn: ['fatal', 'error', 'warn'],
  info: ['fatal', 'error', 'warn', 'log'],
  debug: ['fatal', 'error', 'warn', 'log', 'debug'],
  trace: ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'],
};

/** What Nest calls the levels that are written. Unless it is told, it takes all of them to be, whatever pino does. */
export function nestLevels(logLevel: CommonConfig['logLevel']): LogLevel[] {
  return [...LEVELS[logLevel]];
}

/**
 * Structured logs by pino: one line per request, with its id and what it has cost the database, and that id in every line
 * that is written while it is served. Credentials and values are left out. In development the lines are for people to read.
 */
export function loggingModule({ logLevel, prettyLogs }: CommonConfig): DynamicModule {
  return LoggerModule.forRoot({
    // The default path of nestjs-pino 5.2 is one that Nest 12's Fastify adapter never matches.
    forRoutes: [{ path: '/*path', method: RequestMethod.ALL }],
    assignResponse: true,
    pinoHttp: {
      level: logLevel,
      quietReqLogger: true,
      redact: ['req.headers.authorization', 'req.headers.cookie'],
      serializers: {
        req: ({ id, method, url }: IncomingMessage) => ({ id, method, url: urlWithoutValues(url) }),
        res: ({ statusCode }: ServerResponse) => ({ statusCode }),
        err: errorWithoutValues,
      },
      mixin: traceFields,
      customSuccessObject: withAccount,
      customErrorObject: (request, response, _error, line: object) =>
        withAccount(request, response, line),
      hooks: {
        logMethod(line, method) {
          if (!isNoise(line[0])) {
            method.apply(this, line);
          }
        },
      },
      ...(prettyLogs && { transport: { target: 'pino-pretty', options: { singleLine: true } } }),
    },
  });
}

/** The number of statements that the request has sent, and the time that the database has taken for them. */
function withAccount(request: IncomingMessage, _response: ServerResponse, line: object): object {
  const account = accountOf(request);
  if (!account) {
    return line;
  }
  const { queries, databaseMs, traceId } = account;
  return {
    ...line,
    queries,
    databaseMs: Math.round(databaseMs),
    ...(traceId !== undefined && { traceId }),
  };
}

function traceFields(): { readonly traceId?: string } {
  const traceId = currentTraceId();
  return traceId === undefined ? {} : { traceId };
}

/** What is searched for is for the one who searches. */
function urlWithoutValues(url: string | undefined): string | undefined {
  return url?.replace(/=[^&]*/g, '=?');
}

function isNoise(line: unknown): boolean {
  const { context } = (line ?? {}) as { context?: string };
  return context !== undefined && NOISY_CONTEXTS.includes(context);
}
