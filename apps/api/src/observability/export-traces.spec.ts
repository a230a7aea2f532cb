import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { trace } from '@opentelemetry/api';
import { exportTraces } from './export-traces.ts';

const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();

const silent = createServer(() => undefined);

afterAll(() => {
  silent.close();
  silent.closeAllConnections();
});

describe('a collector that says nothing', () => {
  it('keeps no process from ending in an orderly way, and soon', async () => {
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const endpoint = `http://127.0.0.1:${port}`;
    const stop = exportTraces({ endpoint, serviceName: 'a-spec', ratio: 1 });
    trace.getTracer('a spec').startSpan('GET /projects').end();
    const begin = Date.now();

    await stop();

    expect(Date.now() - begin).toBeLessThan(3_000);
    expect(warn).toHaveBeenCalledWith(expect.objectContaining({ msg: 'traces cannot be sent' }));
  }, 20_000);
});
