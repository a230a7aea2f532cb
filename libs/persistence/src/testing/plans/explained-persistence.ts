import { SHARED_SCHEMA } from '@tenantry/domain';
import { createOwnerOrm } from '../../connection/owner-orm.ts';
import { connectPersistence, type Persistence, startPersistence } from '../persistence-harness.ts';
import { fillSharedPlacement } from './large-placement.ts';
import { explainAll, PlanRecorder } from './plan-recorder.ts';
import type { PlannedPlacement } from './plan.ts';

/** The data access layer on a shared placement with 200,000 tasks, and the owner, to both of whom the server explains. */
export async function startExplainedPersistence() {
  const database = await startPersistence();
  await fillSharedPlacement(database);
  await explainAll(database);
  const persistence = await connectPersistence(database.config);
  const owner = createOwnerOrm(database.config.ownerUrl, database.config.database);
  return {
    persistence,
    owner,
    recorder: await PlanRecorder.of(persistence.orm, owner),
    placement: await plannedPlacement(database),
    stop: async (): Promise<void> => {
      await owner.close();
      await persistence.stop();
      await database.stop();
    },
  };
}

export type ExplainedPersistence = Awaited<ReturnType<typeof startExplainedPersistence>>;

async function plannedPlacement({
  asOwner,
}: Pick<Persistence, 'asOwner'>): Promise<PlannedPlacement> {
  const rows = await asOwner<{ name: string; column: string }[]>(
    `select c.relname as name, pg_get_indexdef(c.oid, 1, true) as column
     from pg_index join pg_class c on c.oid = indexrelid where c.relnamespace = ?::regnamespace`,
    [SHARED_SCHEMA],
  );
  return {
    schema: SHARED_SCHEMA,
    leadingColumns: new Map(rows.map(({ name, column }) => [name, column])),
  };
}
