import fc from 'fast-check';
import { normalHost } from './host-name.ts';

const label = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const port = fc.option(fc.integer({ min: 0, max: 65_535 }));

/** Text in which dots, colons and capitals are frequent. */
const hostLike = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '.', ':', '-', '[', ']', '\u212A', 'İ') }),
);

describe('a host name', () => {
  it('is the same in any case, with any port and with a dot at its end', () => {
    fc.assert(
      fc.property(name, port, fc.boolean(), fc.boolean(), (plain, number, dot, upper) => {
        const host = `${plain}${dot ? '.' : ''}${number === null ? '' : `:${number}`}`;

        expect(normalHost(upper ? host.toUpperCase() : host)).toBe(plain);
      }),
    );
  });

  it('in its normal form stays as it is', () => {
    fc.assert(
      fc.property(hostLike, (host) => {
        expect(normalHost(normalHost(host))).toBe(normalHost(host));
      }),
    );
  });

  it.each(['a..', 'a:1:2', 'a:x', 'a.:1.', '.', ':80', '', '[::1]:3000', '\u212Aelvin', ' a'])(
    'that is none, such as %j, is not made into one',
    (host) => {
      expect(normalHost(host)).toBe(host);
    },
  );
});
