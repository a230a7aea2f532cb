/** A part of what one side sends. All of them together, in order, are what it sends. */
export interface Piece {
  readonly bytes: Buffer;
  /**
   * Where a message begins: its type as a character code, or the code of a packet without a type, as clients send them
   * before the session starts. `undefined` for what follows of the message.
   */
  readonly type?: number;
}

interface Message {
  readonly type: number;
  readonly length: number;
}

/**
 * Finds the messages in what one side sends, in whatever chunks it arrives. Of each, the beginning is held back until
 * enough of it is there; the rest passes as it comes, however much it is.
 */
export class Framing {
  /** Whether the session has started: before that, packets have no type. */
  typed: boolean;
  readonly #enough: (message: Message) => number;
  #held: Buffer = Buffer.alloc(0);
  /** Of the message that is passing, the bytes to come. */
  #rest = 0;

  /** @param enough how many bytes of a message have to be together before any passes, at most its length */
  constructor(typed: boolean, enough: (message: Message) => number) {
    this.typed = typed;
    this.#enough = enough;
  }

  *read(chunk: Buffer): Generator<Piece> {
    let bytes = this.#held.length > 0 ? Buffer.concat([this.#held, chunk]) : chunk;
    this.#held = Buffer.alloc(0);
    while (bytes.length > 0) {
      let type: number | undefined;
      if (this.#rest === 0) {
        const message = this.#messageAt(bytes);
        if (!message || bytes.length < this.#enough(message)) {
          this.#held = bytes;
          return;
        }
        type = message.type;
        this.#rest = message.length;
      }
      const part = bytes.subarray(0, this.#rest);
      this.#rest -= part.length;
      bytes = bytes.subarray(part.length);
      yield type === undefined ? { bytes: part } : { bytes: part, type };
    }
  }

  /** `undefined` while its header is not whole. */
  #messageAt(bytes: Buffer): Message | undefined {
    if (bytes.length < (this.typed ? 5 : 8)) {
      return undefined;
    }
    const message = this.typed
      ? { type: bytes.readUInt8(0), length: 1 + bytes.readUInt32BE(1) }
      : { type: bytes.readUInt32BE(4), length: bytes.readUInt32BE(0) };
    // Not the protocol at all, which is the server's to refuse: from here on it passes without a look.
    return message.length < (this.typed ? 5 : 8) ? { type: 0, length: Infinity } : message;
  }
}
