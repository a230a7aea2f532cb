import type { TenantOperationId } from '@tenantry/domain';

/** Lets one provisioner at a time carry out an operation. */
export abstract class OperationClaims {
  /**
   * Does the work while nobody else can hold the operation. The claim ends with the work, or with this process.
   * @returns whether it was free: nothing is done, and nothing waited for, when it was not
   */
  abstract hold(operation: TenantOperationId, work: () => Promise<void>): Promise<boolean>;

  /**
   * Does the same, but waits for its turn.
   * @throws when someone else holds it for longer than a minute
   */
  abstract holdInTurn<Result>(
    operation: TenantOperationId,
    work: () => Promise<Result>,
  ): Promise<Result>;
}
