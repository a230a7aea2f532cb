import { Logger } from '@nestjs/common';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { median } from './database.ts';
import type { Place } from './isolation/subject.ts';
import { tenantOf } from './isolation/installation.ts';
import { throughputOf, Turns } from './isolation/measure.ts';
import { tenantry } from './isolation/subjects/tenantry.ts';

/**
 * A process of its own that serves so many tenants, and tells its parent what it has taken: `node tenants-process.ts <place>
 * <tenants> <turns> <rows>`.
 */
Logger.overrideLogger(['error']);
const [place = '', tenants = '', turns = '', rows = ''] = process.argv.slice(2);
const at = JSON.parse(place) as Place;
const subject = await tenantry(at);
const all = Array.from({ length: Number(tenants) }, (_, index) => tenantOf(index + 1, at.schema));
const dealt = new Turns(all, Number(rows));
const CLIENTS = 10;
await throughputOf(() => dealt.take(subject, 'readByKey'), {
  clients: CLIENTS,
  turnsOfClient: Number(turns) / CLIENTS,
});
const alone: number[] = [];
for (let turn = 0; turn < 1_000; turn += 1) {
  alone.push(await dealt.take(subject, 'readByKey'));
}
setFlagsFromString('--expose-gc');
(runInNewContext('gc') as () => void)();
process.send?.({
  latencyMs: median(alone),
  rssMiB: process.memoryUsage.rss() / 2 ** 20,
  heapMiB: process.memoryUsage().heapUsed / 2 ** 20,
});
await subject.end();
