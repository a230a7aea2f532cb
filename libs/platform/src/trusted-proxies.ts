import { isIP } from 'node:net';
import { z } from 'zod';

/** Addresses and networks, with commas between. None of them is everybody: whoever is trusted can be any tenant. */
export const trustedProxies = z
  .string()
  .transform((value) => value.split(',').map((each) => each.trim()))
  .refine((ranges) => ranges.every(isRange), {
    error: 'must list addresses and networks, such as 10.0.0.7, 10.1.0.0/16, with commas between',
  });

function isRange(value: string): boolean {
  const [address = '', bits, ...more] = value.split('/');
  const most = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  return (
    most > 0 &&
    !address.includes('%') &&
    more.length === 0 &&
    (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most))
  );
}
