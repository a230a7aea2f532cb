import { BlockList, isIPv4 } from 'node:net';
import { mustBeOperator } from '../tenancy/operator-token.ts';
import type { FastifyRequest } from 'fastify';

/** Whoever has passed a request on says so in one of these. */
const FORWARDED =
  /^(?:forwarded|via|x-(?:forwarded|envoy|original)-.+|x-real-ip|.+-(?:client|connecting)-ip)$/;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Who may read the metrics: operators, and whoever is on this machine. */
export class MetricsAccess {
  constructor(private readonly operatorToken: string) {}

  /** @throws {Unauthenticated} */
  mustHave({ raw: { socket, headers } }: FastifyRequest): void {
    // The peer itself, whatever it says of others; and a proxy on this machine speaks for somebody who is not.
    const isPassedOn = Object.keys(headers).some((name) => FORWARDED.test(name));
    if (isPassedOn || !isLoopback(socket.remoteAddress ?? '')) {
      mustBeOperator(headers.authorization, this.operatorToken);
    }
  }
}

function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}
