import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Conflict, RuleViolation } from '@tenantry/domain';
import { tenantOf } from '../mapping/tenant-owned.ts';
import { TransactionalService } from './transactional.service.ts';

/** How long a request waits for another one with the same key. */
const PATIENCE_MS = 5_000;
const SHORTEST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 200;

/** A request that may be sent again. */
export interface IdempotentRequest {
  /** What the caller knows it by. Each tenant has keys of its own. */
  readonly key: string;
  /** Of what is asked for. */
  readonly fingerprint: string;
}

/** What is answered, and whether it was answered before. */
export interface IdempotentAnswer {
  readonly text: string;
  readonly isRepeated: boolean;
}

/**
 * Does what a request asks for once, however often it is sent: the answer is stored with what was done, in one
 * transaction, and given again. What fails stores nothing, and may be tried again.
 */
@Injectable()
export class Idempotency {
  constructor(private readonly transactional: TransactionalService) {}

  /**
   * @param work does it in units of work, which become parts of one, and gives the answer
   * @throws {RuleViolation} when the key was used for something else
   * @throws {Conflict} while another request with the key is served, and not done in five seconds
   */
  async once(request: IdempotentRequest, work: () => Promise<string>): Promise<IdempotentAnswer> {
    const deadline = Date.now() + PATIENCE_MS;
    for (let pause = SHORTEST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
      const answer = await this.answerUnlessInUse(request, work);
      if (answer) {
        return answer;
      }
      if (Date.now() >= deadline) {
        throw new Conflict(
          'idempotency-key-in-use',
          'A request with this Idempotency-Key is being served: send it again later.',
        );
      }
      // Without a connection: those who wait must not keep the one whom they wait for from getting on.
      await sleep(pause * (0.5 + Math.random()));
    }
  }

  private answerUnlessInUse(
    { key, fingerprint }: IdempotentRequest,
    work: () => Promise<string>,
  ): Promise<IdempotentAnswer | undefined> {
    return this.transactional.run(async (entityManager) => {
      if (!(await hasTaken(entityManager, key))) {
        return undefined;
      }
      // By a statement of its own: what was stored while the lock was waited for is to be seen.
      const stored = await findAnswer(entityManager, key);
      if (stored) {
        mustBeTheSame(stored.fingerprint, fingerprint);
        return { text: stored.answer, isRepeated: true };
      }
      const text = await work();
      this.transactional.keepAnswer({ key, fingerprint, text });
      return { text, isRepeated: false };
    });
  }
}

async function hasTaken(entityManager: EntityManager, key: string): Promise<boolean> {
  const [row] = await entityManager.execute<{ taken: boolean }[]>(
    'select pg_try_advisory_xact_lock(hashtextextended(?, 0)) as taken',
    [`tenantry idempotency ${tenantOf(entityManager)} ${key}`],
  );
  return row?.taken === true;
}

async function findAnswer(
  entityManager: EntityManager,
  key: string,
): Promise<{ readonly fingerprint: string; readonly answer: string } | undefined> {
  const [row] = await entityManager.execute<{ fingerprint: string; answer: string }[]>(
    'select fingerprint, answer from idempotency_key where tenant_id = ? and key = ?',
    [tenantOf(entityManager), key],
  );
  return row;
}

function mustBeTheSame(stored: string, fingerprint: string): void {
  if (stored !== fingerprint) {
    throw new RuleViolation(
      'idempotency-key-reused',
      'This Idempotency-Key was used for another request: take a new one.',
    );
  }
}
