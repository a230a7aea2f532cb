import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Inhabited } from './installation.ts';
import type { Counted } from './latency-proxy.ts';
import type { Place } from './subject.ts';

const PROXY = join(import.meta.dirname, 'latency-proxy.ts');

/** A network that takes its time. */
export interface Delayed extends Inhabited {
  /** What has gone through it since the last time it was asked. */
  count(): Promise<Counted>;
}

/** Gives `work` the same place by way of a proxy, which delays each round trip by so many milliseconds. */
export async function withDelay<Result>(
  delayMs: number,
  { place, tenants }: Inhabited,
  work: (delayed: Delayed) => Promise<Result>,
): Promise<Result> {
  const { hostname, port } = new URL(place.appUrl);
  const proxy = fork(PROXY, [hostname, port, String(delayMs)]);
  try {
    const [proxyPort] = (await once(proxy, 'message')) as [number];
    const count = async (): Promise<Counted> => {
      const answer = once(proxy, 'message');
      proxy.send('count');
      const [counted] = (await answer) as [Counted];
      return counted;
    };
    return await work({ place: at(proxyPort, place), tenants, count });
  } finally {
    proxy.disconnect();
    await once(proxy, 'exit');
  }
}

function at(port: number, place: Place): Place {
  const by = (address: string): string =>
    Object.assign(new URL(address), { hostname: '127.0.0.1', port }).href;
  return { ...place, appUrl: by(place.appUrl), floorUrl: by(place.floorUrl) };
}
