import { ClientMessages } from './client-messages.ts';

/** The first message of a connection has no type. */
const STARTUP = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
const SYNC = Buffer.from([0x53, 0, 0, 0, 4]);
const QUERY = Buffer.from([0x51, 0, 0, 0, 6, 0x3b, 0]);

describe('messages of a client', () => {
  it('are counted when they are complete, in whatever chunks they come', () => {
    const all = Buffer.concat([STARTUP, QUERY, SYNC, QUERY]);

    for (let size = 1; size <= all.length; size += 1) {
      const messages = new ClientMessages();
      let counted = 0;
      for (let at = 0; at < all.length; at += size) {
        counted += messages.count(all.subarray(at, at + size));
      }
      expect(counted).toBe(4);
    }
  });

  it('are not counted while something of them is missing', () => {
    const messages = new ClientMessages();

    expect(messages.count(Buffer.concat([STARTUP, QUERY.subarray(0, 6)]))).toBe(1);
    expect(messages.count(QUERY.subarray(6))).toBe(1);
  });
});
