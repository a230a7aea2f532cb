import { type EntityMetadata, helper, Reference, Utils } from '@mikro-orm/core';
import { EntityOfAnotherScope } from './isolation-violation.ts';
import type { Scope } from './scope.ts';

/** The property that every tenant-owned mapping has. */
const TENANT = 'tenantId';

/**
 * Whether an entity may be written, or referred to, in the scope. New ones belong to nobody yet; those that were read
 * belong to the scope that read them, and tenant-owned ones to their tenant for good.
 * @throws {EntityOfAnotherScope}
 */
export function mustBeOf(scope: Scope, candidate: object): void {
  const entity = Reference.unwrapReference(candidate);
  const { __em: manager, __meta: meta } = helper(entity);
  const { sealedTo } = (manager ?? {}) as { sealedTo?: Scope };
  if (sealedTo && !scope.sees(sealedTo)) {
    throw new EntityOfAnotherScope(meta.className);
  }
  mustHaveTenantOf(scope, meta, entity);
}

/**
 * What is about to be written, an entity or a plain row, with the scope's tenant in it where the table is tenant-owned.
 * @throws {EntityOfAnotherScope} when it has another tenant in it
 */
export function owned(scope: Scope, meta: EntityMetadata, row: object): object {
  if (Utils.isEntity(row)) {
    mustBeOf(scope, row);
  }
  mustBeWritableIn(scope, meta, row);
  if (scope.kind !== 'tenant' || !(TENANT in meta.properties)) {
    return row;
  }
  const tenant = { [TENANT]: scope.tenant.id };
  // An entity is completed in place: it is the caller's, who goes on with it.
  return Utils.isEntity<object>(row)
    ? Object.assign(row, tenant)
    : { ...(row as object), ...tenant };
}

/** @throws {EntityOfAnotherScope} when the entity, or the row, has another tenant in it, or refers to an entity of one */
export function mustBeWritableIn(scope: Scope, meta: EntityMetadata, row: object): void {
  mustHaveTenantOf(scope, meta, row);
  for (const { name } of meta.relations) {
    mustReferTo(scope, (row as Record<string, unknown>)[name]);
  }
}

function mustReferTo(scope: Scope, value: unknown): void {
  const targets: Iterable<unknown> = Utils.isCollection(value) ? value.getItems(false) : [value];
  for (const target of targets) {
    if (Utils.isEntity(target, true)) {
      mustBeOf(scope, target);
    }
  }
}

/** @throws {EntityOfAnotherScope} when the entity, or the row, has another tenant in it */
function mustHaveTenantOf(scope: Scope, meta: EntityMetadata, row: object): void {
  const { [TENANT]: tenantId } = row as Record<string, unknown>;
  if (
    TENANT in meta.properties &&
    tenantId !== undefined &&
    !(scope.kind === 'tenant' && tenantId === scope.tenant.id)
  ) {
    throw new EntityOfAnotherScope(meta.className);
  }
}
