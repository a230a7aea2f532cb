import type {
  TenantOperation,
  TenantOperationId,
  TenantOperationRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';
import type { OperationClaims } from './operation-claims.ts';
import type { OperationSteps } from './operation-steps.ts';

/**
 * Carries out what has been requested for tenants, as sagas: a step is done, then recorded, each in a transaction of its
 * own. Wherever it is interrupted, the next pass goes on from the last step that was recorded; since steps may be done
 * again, it does not matter whether the one after that was done. Any number of processes can do this at once.
 */
export class CarryOutOperations {
  /** @param explain says why something failed, without values: it is stored and shown to operators */
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly operations: TenantOperationRepository,
    private readonly claims: OperationClaims,
    private readonly steps: OperationSteps,
    private readonly explain: (error: unknown) => string,
  ) {}

  /** One pass over all that is due and nobody else is at. Says how each of them stands after it; a failure is no error. */
  async due(): Promise<readonly TenantOperation[]> {
    const worked: TenantOperation[] = [];
    const ids = await this.unitOfWork.run(() => this.operations.due(new Date()));
    for (const id of ids) {
      await this.claims.hold(id, async () => {
        const operation = await this.change(id, () => undefined);
        // Others may have been faster than the claim.
        if (operation.isDue(new Date())) {
          worked.push(await this.carryOut(operation));
        }
      });
    }
    return worked;
  }

  /**
   * Carries one out now, even one that has been given up, after whoever is at it.
   * @param takeBack whether what was made for the tenant is to be taken away again, and not completed
   * @returns how it stands after it
   */
  now(
    id: TenantOperationId,
    { takeBack = false }: { readonly takeBack?: boolean } = {},
  ): Promise<TenantOperation> {
    return this.claims.holdInTurn(id, async () => {
      const operation = await this.change(id, (found) => {
        if (takeBack && found.status !== 'done') {
          found.takeBack();
        } else {
          found.retry();
        }
      });
      return this.carryOut(operation);
    });
  }

  private async carryOut(operation: TenantOperation): Promise<TenantOperation> {
    const { id, remaining } = operation;
    try {
      let current = operation;
      for (const step of remaining) {
        // As it is now: a step may have found it another placement.
        const report = await this.steps.run(step, current.tenant);
        current = await this.change(id, (found) => {
          found.finish(step, report);
        });
      }
      return current;
    } catch (error) {
      return await this.change(id, (found) => {
        found.fail(this.explain(error), new Date());
      });
    }
  }

  private change(
    id: TenantOperationId,
    how: (operation: TenantOperation) => void,
  ): Promise<TenantOperation> {
    return this.unitOfWork.run(async () => {
      const operation = await this.operations.getForChange(id);
      how(operation);
      return operation;
    });
  }
}
