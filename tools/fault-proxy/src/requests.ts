import { endsWithCommit } from './commit-text.ts';
import { Framing, type Piece } from './framing.ts';

/** What a client sends, as far as it matters here. */
export interface Request {
  readonly kind: 'commit' | 'cancel' | 'encryption' | 'other';
  readonly bytes: Buffer;
  /** When the server is ready for the so manyth time, it has done with this one. */
  readonly round: number;
}

// https://www.postgresql.org/docs/current/protocol-message-formats.html
const QUERY = 0x51;
const PARSE = 0x50;
const BIND = 0x42;
const EXECUTE = 0x45;
const SYNC = 0x53;
const FUNCTION_CALL = 0x46;
const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSSENC_REQUEST = 80_877_104;

const HEADER_BYTES = 5;
/** Enough for the two names that a Bind begins with; its parameters can be long. */
const NAMES_BYTES = 1024;

/** Finds COMMIT among the requests of one client: a Query, or the Execute of what was named by a Parse and a Bind. */
export class Requests {
  readonly #framing = new Framing(false, ({ type, length }) => {
    switch (type) {
      case QUERY:
      case PARSE:
      case EXECUTE:
        return length;
      case BIND:
        return Math.min(length, NAMES_BYTES);
      default:
        return 0;
    }
  });
  /** The names of those that are COMMIT. */
  readonly #statements = new Set<string>();
  readonly #portals = new Set<string>();
  #round = 1;

  *read(chunk: Buffer): Generator<Request> {
    for (const piece of this.#framing.read(chunk)) {
      const kind = this.#framing.typed ? this.#message(piece) : this.#packet(piece);
      yield { kind, bytes: piece.bytes, round: this.#round };
      // Each of these has one ReadyForQuery for an answer, and nothing else has.
      if (piece.type === QUERY || piece.type === SYNC || piece.type === FUNCTION_CALL) {
        this.#round++;
      }
    }
  }

  #packet({ type }: Piece): Request['kind'] {
    switch (type) {
      case CANCEL_REQUEST:
        return 'cancel';
      case SSL_REQUEST:
      case GSSENC_REQUEST:
        return 'encryption';
      case undefined:
        return 'other';
      default:
        this.#framing.typed = true;
        return 'other';
    }
  }

  #message({ type, bytes }: Piece): Request['kind'] {
    switch (type) {
      case QUERY:
        return endsWithCommit(texts(bytes)[0]) ? 'commit' : 'other';
      case PARSE: {
        const [statement, sql] = texts(bytes);
        mark(this.#statements, statement, endsWithCommit(sql));
        return 'other';
      }
      case BIND: {
        const [portal, statement] = texts(bytes);
        mark(this.#portals, portal, this.#statements.has(statement));
        return 'other';
      }
      case EXECUTE:
        return this.#portals.has(texts(bytes)[0]) ? 'commit' : 'other';
      case undefined:
      default:
        return 'other';
    }
  }
}

/** The first two texts of a message. As Latin-1: only ASCII matters, which is the same in all encodings of clients. */
function texts(message: Buffer): [string, string] {
  const [first = '', second = ''] = message.toString('latin1', HEADER_BYTES).split('\0', 2);
  return [first, second];
}

function mark(names: Set<string>, name: string, isCommit: boolean): void {
  if (isCommit) {
    names.add(name);
  } else {
    names.delete(name);
  }
}
