import type { Queryable } from '@tenantry/persistence';
import { Indicator, measure, readRow } from '../report/indicator.ts';
import { judged, type Reading, unknown } from '../report/reading.ts';
import { THRESHOLDS } from '../report/thresholds.ts';

interface Replica {
  /** `null` where it may not be seen. */
  readonly state: string | null;
  readonly lagSeconds: number;
}

interface Slot {
  readonly name: string;
  readonly isLost: boolean;
  readonly retained: number;
}

interface ReplicationFacts {
  readonly replicas: readonly Replica[];
  readonly slots: readonly Slot[];
}

/** How far replicas are behind, and what is kept for those that do not come. */
export class ReplicationIndicator extends Indicator {
  override readonly name = 'replication';

  override async observe(database: Queryable): Promise<readonly Reading[]> {
    const { replicas, slots } = await readRow<ReplicationFacts>(database, FACTS);
    return [lagOf(replicas), retainedBy(slots)];
  }
}

function lagOf(replicas: readonly Replica[]): Reading {
  const { advice } = THRESHOLDS['replication-lag'];
  return replicas.some(({ state }) => state === null)
    ? unknown('replication-lag', 'how far replicas are may not be seen', advice)
    : measure('replication-lag', Math.max(0, ...replicas.map((each) => each.lagSeconds)), replicas);
}

function retainedBy(slots: readonly Slot[]): Reading {
  const lost = slots.filter(({ isLost }) => isLost).map(({ name }) => name);
  return lost.length > 0
    ? judged('slots-retained', 'fail', null, {
        detail: slots,
        advice: `What ${lost.join(', ')} needs is gone: set the consumer up anew, and drop the slot.`,
      })
    : measure('slots-retained', Math.max(0, ...slots.map((each) => each.retained)), slots);
}

// A replica that has nothing to catch up with has no lag at all.
const FACTS = `
  with here as (
    select case when pg_is_in_recovery() then pg_last_wal_receive_lsn() else pg_current_wal_lsn() end as lsn)
  select
    (select coalesce(json_agg(json_build_object('name', application_name, 'state', state,
       'lagSeconds', coalesce(extract(epoch from replay_lag), 0), 'lagBytes', pg_wal_lsn_diff(here.lsn, replay_lsn))), '[]')
     from pg_stat_replication) as replicas,
    (select coalesce(json_agg(json_build_object('name', slot_name, 'active', active, 'isLost', coalesce(wal_status = 'lost', false),
       'retained', coalesce(pg_wal_lsn_diff(here.lsn, restart_lsn), 0))), '[]')
     from pg_replication_slots) as slots
  from here`;
