import type { IncomingMessage, ServerResponse } from 'node:http';
import { type DynamicModule, RequestMethod } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { CommonConfig } from './config.ts';
import { errorWithoutValues } from './error-without-values.ts';

/** What Nest tells of its start in dozens of lines, which nobody reads. */
const NOISY_CONTEXTS = ['InstanceLoader', 'RouterExplorer', 'RoutesResolver'];

/**
 * Structured logs by pino: one line per request, with its id, and that id in every line that is written while it is
 * served. Credentials and the values of queries are left out. In development the lines are for people to read.
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
        req: ({ id, method, url }: IncomingMessage) => ({ id, method, url }),
        res: ({ statusCode }: ServerResponse) => ({ statusCode }),
        err: errorWithoutValues,
      },
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

function isNoise(line: unknown): boolean {
  const { context } = (line ?? {}) as { context?: string };
  return context !== undefined && NOISY_CONTEXTS.includes(context);
}
