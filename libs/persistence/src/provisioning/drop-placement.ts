import type { EntityManager } from '@mikro-orm/postgresql';
import { RuleViolation } from '@tenantry/domain';
import { errorParts } from '../connection/connection-errors.ts';
import { roleOfPlacement } from '../roles.ts';

/** How the schema of a dedicated placement is named; no other is ever dropped. */
export const DEDICATED_SCHEMA = /^t_[0-9a-f]{32}$/;
/** dependent_objects_still_exist */
const IN_USE = '2BP01';

/**
 * Drops the schema of a dedicated placement, and its role. Roles are the server's: where another database has something
 * of the role, such as a copy of this one, it is kept.
 */
export async function dropPlacement(
  transaction: EntityManager,
  schema: string,
): Promise<'dropped' | 'kept'> {
  if (!DEDICATED_SCHEMA.test(schema)) {
    throw new RuleViolation('schema-not-dedicated', 'It is not the schema of one tenant.');
  }
  await transaction.execute(`drop schema if exists "${schema}" cascade`);
  try {
    // As who has connected: the owner of the tables may not drop roles.
    await transaction.transactional(async (savepoint) => {
      await savepoint.execute('set local role none');
      await savepoint.execute(`drop role if exists "${roleOfPlacement(schema)}"`);
    });
    return 'dropped';
  } catch (error) {
    if (errorParts(error).code !== IN_USE) {
      throw error;
    }
    return 'kept';
  }
}
