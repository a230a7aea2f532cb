import { AsyncLocalStorage } from 'node:async_hooks';
import { sqlWithoutValues } from './sql-without-values.ts';

/** How many statements are remembered, and how long they may be (characters): enough to see which of them is repeated. */
const MOST_REMEMBERED = 1_000;
const LONGEST_REMEMBERED = 10_000;

/** A statement, without values, and how often it was sent. */
export interface RepeatedStatement {
  readonly text: string;
  readonly count: number;
}

/** What a request has cost the database so far. Queries at the same time count in full, so theirs may be more than its own. */
export class RequestAccount {
  /** Statements, without those that begin and end transactions. */
  queries = 0;
  /** Waiting for answers of the database; not for a connection. */
  databaseMs = 0;
  /** With values: made into what may be shown only when somebody asks. */
  private readonly statements: string[] = [];
  private isOver = false;

  constructor(
    readonly requestId: string,
    readonly traceId?: string,
  ) {}

  sent(statement: string): void {
    this.queries += 1;
    const isFull = this.isOver || this.statements.length >= MOST_REMEMBERED;
    if (!isFull && statement.length <= LONGEST_REMEMBERED) {
      this.statements.push(statement);
    }
  }

  waited(ms: number): void {
    this.databaseMs += ms;
  }

  /** Forgets the statements: connections that the request has opened keep its account for as long as they last. */
  close(): void {
    this.isOver = true;
    this.statements.length = 0;
  }

  mostRepeated(): RepeatedStatement | undefined {
    const counts = new Map<string, number>();
    for (const statement of this.statements) {
      const text = sqlWithoutValues(statement);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    const [most] = [...counts].toSorted(([, one], [, other]) => other - one);
    return most && { text: most[0], count: most[1] };
  }
}

const current = new AsyncLocalStorage<RequestAccount>();
const byRequest = new WeakMap<object, RequestAccount>();

/** Keeps account of what is done for a request, along the thread of asynchronous calls. @param request what it is known by */
export function onAccountOf<Result>(
  request: object,
  account: RequestAccount,
  work: () => Result,
): Result {
  byRequest.set(request, account);
  return current.run(account, work);
}

/** That of the request that is being served. */
export function currentAccount(): RequestAccount | undefined {
  return current.getStore();
}

/** That of a request, also where nobody serves it any more. */
export function accountOf(request: object): RequestAccount | undefined {
  return byRequest.get(request);
}
