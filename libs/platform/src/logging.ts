import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { CommonConfig } from './config.ts';

const REQUEST_ID = /^[\w.:-]{1,100}$/;

/**
 * Structured logs by pino: one line per request, with its id, and that id in every line that is written while it is
 * served. Credentials are left out. In development the lines are for people to read.
 */
export function loggingModule({ logLevel, production }: CommonConfig): DynamicModule {
  return LoggerModule.forRoot({
    assignResponse: true,
    pinoHttp: {
      level: logLevel,
      genReqId: requestId,
      quietReqLogger: true,
      redact: ['req.headers.authorization', 'req.headers.cookie'],
      serializers: { req: ({ id, method, url }: IncomingMessage) => ({ id, method, url }) },
      ...(!production &&
        process.stdout.isTTY && {
          transport: { target: 'pino-pretty', options: { singleLine: true } },
        }),
    },
  });
}

/** The caller's own request id where it is a harmless one, else a new one; the response says which. */
function requestId(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('x-request-id', id);
  return id;
}
