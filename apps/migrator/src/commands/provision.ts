import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { CarryOutOperations } from '@tenantry/application';
import { type TenantOperation, TenantOperationRepository } from '@tenantry/domain';
import { Housekeeper, TenantContext, WakeUps, WarmPlacements } from '@tenantry/persistence';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { logToStderr } from '../log-to-stderr.ts';
import { type OutputOptions, print, table } from '../output.ts';
import { withApplication } from '../with-application.ts';
import { printableOperation, progressOf } from './tenant/standing.ts';

/** How long nobody looks when nothing wakes: what fell due meanwhile, or was requested while nobody could listen. */
const POLL_MS = 5_000;
const HOUR_MS = 3_600_000;
const REFILL_MS = 1_000;

export interface ProvisionOptions extends OutputOptions {
  readonly once?: boolean;
}

/**
 * Carries out what has been requested for tenants: once, or as a worker until a signal ends the process. It may be ended
 * at any moment; whoever comes next goes on with what it was at.
 * @param until ends the worker, in specs
 */
export async function provision(
  { once = false, ...options }: ProvisionOptions,
  until: AbortSignal = new AbortController().signal,
): Promise<ExitCode> {
  return withApplication(async (application, config) => {
    const context = application.get(TenantContext);
    const operations = application.get(TenantOperationRepository);
    const clean = (): Promise<unknown> => application.get(Housekeeper).clean();
    const fill = (): Promise<void> =>
      application.get(WarmPlacements).fill(config.warmSchemas, until);
    const pass = async (): Promise<readonly TenantOperation[]> => {
      // Looking is no operator's work, and would fill the audit.
      const due = await context.runAsReader(() => operations.due(new Date()));
      return due.length === 0
        ? []
        : context.runAsOperator('provision', () => application.get(CarryOutOperations).due());
    };
    if (once) {
      const done = await passUntilNothingIsDue(pass);
      await fill();
      await clean();
      return reportOf(done, options);
    }
    // Nest's own start is silenced in commands that end; a worker says what it does.
    logToStderr(config);
    // Beside each other: nobody waits for a large fleet to be cleaned, or for the warm pool to be full again.
    await Promise.all([
      work(pass, config.ownerUrl, until),
      repeat(clean, HOUR_MS, 'Housekeeper', until),
      ...(config.warmSchemas > 0 ? [repeat(fill, REFILL_MS, 'WarmPlacements', until)] : []),
    ]);
    return EXIT.done;
  });
}

/** Does it again so long after it was done, or has failed, which is logged under that name. */
async function repeat(
  what: () => Promise<unknown>,
  everyMs: number,
  name: string,
  until: AbortSignal,
): Promise<void> {
  while (!until.aborted) {
    try {
      await what();
    } catch (error) {
      new Logger(name).error(error);
      await sleep(POLL_MS, undefined, { signal: until }).catch(() => undefined);
    }
    await sleep(everyMs, undefined, { signal: until }).catch(() => undefined);
  }
}

async function passUntilNothingIsDue(
  pass: () => Promise<readonly TenantOperation[]>,
): Promise<readonly TenantOperation[]> {
  const all: TenantOperation[] = [];
  let last: readonly TenantOperation[];
  do {
    last = await pass();
    all.push(...last);
  } while (last.length > 0);
  return all;
}

async function work(
  pass: () => Promise<readonly TenantOperation[]>,
  ownerUrl: string,
  until: AbortSignal,
): Promise<void> {
  const logger = new Logger('Provisioner');
  const wakeUps = new WakeUps(ownerUrl);
  until.addEventListener('abort', () => void wakeUps.stop());
  await wakeUps.start();
  logger.log('waiting for requests');
  while (!until.aborted) {
    try {
      for (const operation of await pass()) {
        logger.log({ tenant: operation.tenant.slug, ...printableOperation(operation) });
      }
    } catch (error) {
      // The database may be away for a while: what is pending is there when it is back.
      logger.error(error);
      await sleep(POLL_MS, undefined, { signal: until }).catch(() => undefined);
    }
    await wakeUps.next(POLL_MS);
  }
}

function reportOf(operations: readonly TenantOperation[], options: OutputOptions): ExitCode {
  const rows = operations.map((operation) => [
    operation.tenant.slug,
    operation.kind,
    operation.status === 'done' ? 'done' : progressOf(operation),
  ]);
  print(
    {
      operations: operations.map((operation) => ({
        tenant: operation.tenant.slug,
        ...printableOperation(operation),
      })),
    },
    rows.length > 0 ? table(rows) : ['There is nothing to do.'],
    options,
  );
  return operations.every(({ status }) => status === 'done') ? EXIT.done : EXIT.partial;
}
