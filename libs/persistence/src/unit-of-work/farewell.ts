import { newId } from '@tenantry/domain';
import pg from 'pg';
import { outboxStatements } from '../outbox/outbox-statements.ts';
import type { Scope } from '../tenant-context/scope.ts';
import {
  type CommitMarker,
  leaveMarker,
  markerIn,
  type MarkerPlace,
  markerPlaceOf,
} from './commit-marker.ts';
import { EventNotStorable } from './transaction-errors.ts';
import type { Answer, Unit } from './unit.ts';

/** What a unit of work says to the server together with COMMIT, in one message. */
export interface Farewell {
  readonly statements: readonly string[];
  /** One more, which leaves a marker if anything was written: there is nothing to be said where nothing was sent. */
  readonly mark?: string;
  /** By which it can be found out whether it was stored; none when there was nothing to be stored. */
  readonly marker: CommitMarker | undefined;
}

const NOTHING: Farewell = { statements: [], marker: undefined };

/**
 * What is to be said: the answer that is to be given again, events that are to be delivered, and a marker where neither is
 * one.
 * @throws {EventNotStorable}
 */
export function farewellOf(scope: Scope, { isReadOnly, answers, events }: Unit): Farewell {
  if (events.length > 0 && (isReadOnly || scope.kind !== 'tenant')) {
    throw new EventNotStorable(
      isReadOnly ? 'a unit of work that only reads' : `the scope of ${scope.whose}`,
    );
  }
  const place = markerPlaceOf(scope);
  if (isReadOnly || !place) {
    return NOTHING;
  }
  const id = newId<'CommitMarker'>();
  if (scope.kind !== 'tenant') {
    return {
      statements: [],
      mark: leaveMarker(place, id),
      marker: markerIn(place, 'commit_marker', id),
    };
  }
  const toBeDelivered = outboxStatements(scope.tenant, events);
  const [first] = events;
  const [answer, ...more] = answers;
  if (answer) {
    const kept = more.map((another) => keepAnswer(place, newId<'CommitMarker'>(), another));
    return {
      statements: [...toBeDelivered, keepAnswer(place, id, answer), ...kept],
      marker: markerIn(place, 'idempotency_key', id),
    };
  }
  return first
    ? { statements: toBeDelivered, marker: markerIn(place, 'outbox_event', first.id) }
    : {
        statements: [],
        mark: leaveMarker(place, id),
        marker: markerIn(place, 'commit_marker', id),
      };
}

function keepAnswer(
  { schema, owner }: MarkerPlace,
  id: string,
  { key, fingerprint, text }: Answer,
): string {
  const row = { ...owner, id, key, fingerprint, answer: text };
  const values = Object.values(row).map((value) => pg.escapeLiteral(value));
  return `insert into ${pg.escapeIdentifier(schema)}.idempotency_key (${Object.keys(row).join(', ')})
    values (${values.join(', ')})`;
}
