import { Framing, type Piece } from './framing.ts';

function message(type: string, body: string): Buffer {
  const header = Buffer.alloc(5);
  header.write(type);
  header.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([header, Buffer.from(body)]);
}

/** What comes out when it goes in as chunks of so many bytes. */
function read(framing: Framing, bytes: Buffer, chunkBytes: number): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    pieces.push(...framing.read(bytes.subarray(at, at + chunkBytes)));
  }
  return pieces;
}

const typesOf = (pieces: Piece[]): string =>
  String.fromCharCode(...pieces.flatMap(({ type }) => type ?? []));

describe('messages', () => {
  const sent = Buffer.concat([
    message('Q', 'select 1\0'),
    message('S', ''),
    message('d', 'x'.repeat(50)),
    message('X', ''),
  ]);

  it('are found and come out as they went in, whatever chunks they arrive in', () => {
    for (let chunkBytes = 1; chunkBytes <= sent.length; chunkBytes++) {
      const pieces = read(new Framing(true, () => 0), sent, chunkBytes);

      expect(typesOf(pieces)).toBe('QSdX');
      expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(sent);
    }
  });

  it.each([1, 7, 1000])('are held back until enough is there, in chunks of %i', (chunkBytes) => {
    const framing = new Framing(true, ({ type, length }) => (type === 0x51 ? length : 0));

    const pieces = read(framing, sent, chunkBytes);

    expect(pieces.find(({ type }) => type === 0x51)?.bytes).toEqual(message('Q', 'select 1\0'));
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(sent);
  });
});

describe('a long message', () => {
  it('passes as it comes', () => {
    const framing = new Framing(true, () => 8);
    const sent = message('d', 'abcdefgh');

    expect([...framing.read(sent.subarray(0, 7))]).toEqual([]);
    expect([...framing.read(sent.subarray(7, 9))]).toEqual([
      { type: 0x64, bytes: sent.subarray(0, 9) },
    ]);
    expect([...framing.read(sent.subarray(9, 10))]).toEqual([{ bytes: sent.subarray(9, 10) }]);
  });
});

describe('packets before the session', () => {
  it('are known by their code', () => {
    const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

    const pieces = read(new Framing(false, () => 0), Buffer.concat([sslRequest, sslRequest]), 3);

    expect(pieces.filter(({ type }) => type === 80_877_103)).toHaveLength(2);
  });
});

describe('what is not the protocol', () => {
  it.each([true, false])('passes, with a session: %s', (typed) => {
    const sent = Buffer.from('\0\0\0\0\0\0\0\0 and whatever follows');

    const pieces = read(
      new Framing(typed, ({ length }) => (length === Infinity ? 0 : length)),
      sent,
      4,
    );

    expect(Buffer.concat(pieces.map(({ bytes }) => bytes))).toEqual(sent);
  });
});
