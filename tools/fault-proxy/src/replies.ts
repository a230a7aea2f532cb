import { Framing } from './framing.ts';

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const BACKEND_KEY_DATA = 0x4b;
const READY_FOR_QUERY = 0x5a;

const HEADER_BYTES = 5;

/** Watches what the server sends on one connection, without holding it up. */
export class Replies {
  /** The pid of the server's process, once it has said so. */
  backend: number | undefined;
  /** How many times the server has become ready again, after it was at the beginning of the session. */
  rounds = -1;
  readonly #framing = new Framing(true, ({ type, length }) =>
    type === BACKEND_KEY_DATA || type === READY_FOR_QUERY ? length : 0,
  );

  read(chunk: Buffer): void {
    for (const { type, bytes } of this.#framing.read(chunk)) {
      if (type === BACKEND_KEY_DATA) {
        this.backend = bytes.readInt32BE(HEADER_BYTES);
      } else if (type === READY_FOR_QUERY) {
        this.rounds++;
      }
    }
  }
}
