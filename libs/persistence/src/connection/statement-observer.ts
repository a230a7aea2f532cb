import {
  countRefusal,
  countTenantQuery,
  currentAccount,
  expectRefusals,
  isTraced,
  observeOperation,
  recordClientSpan,
  type RequestAccount,
  sqlWithoutValues,
} from '@tenantry/platform';
import { scopes } from '../tenant-context/scope.ts';
import { sqlStateOf } from './connection-errors.ts';
import { errorTypeOf } from './error-type.ts';

const FIRST_WORD = /^[\s(]*([a-z]+)/i;
/** Those that a label may have: a mistake could begin with anything. */
const OPERATIONS = new Set(
  (
    'SELECT INSERT UPDATE DELETE MERGE WITH VALUES CALL COPY FETCH LOCK SET SHOW EXPLAIN NOTIFY LISTEN CREATE ALTER DROP ' +
    'GRANT REVOKE TRUNCATE BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE'
  ).split(' '),
);
/** They belong to a transaction, and not to what was asked of it. */
const OF_TRANSACTIONS = new Set(['BEGIN', 'COMMIT', 'ROLLBACK', 'SAVEPOINT', 'RELEASE']);

const INSUFFICIENT_PRIVILEGE = '42501';
/** What roles and row security refuse a tenant, as opposed to what this layer does not even send. */
const REFUSED_BY_SERVER = 'PermissionDenied';
expectRefusals(REFUSED_BY_SERVER);

/** A statement that is on its way. */
interface Sent {
  readonly operation: string;
  readonly statement: string;
  readonly startTime: number;
  /** By a clock that nobody sets. */
  readonly startedAt: number;
  readonly account: RequestAccount | undefined;
  readonly tenant: string | undefined;
  readonly isTraced: boolean;
}

/**
 * Sends a statement, and keeps account of it: in the metrics, for the request that it is for, and as a span where somebody
 * records them. What is refused before it is sent is none of that; what is answered in pieces is counted, and not timed.
 */
export function observed(statement: string, send: () => unknown): unknown {
  const startTime = Date.now();
  const startedAt = performance.now();
  const answer = send();
  const sent: Sent = {
    operation: operationOf(statement),
    statement,
    startTime,
    startedAt,
    account: currentAccount(),
    tenant: currentTenant(),
    isTraced: isTraced(),
  };
  if (!OF_TRANSACTIONS.has(sent.operation)) {
    sent.account?.sent(statement);
  }
  if (answer instanceof Promise) {
    // Beside whoever waits for it, who does not wait for this.
    answer.then(
      () => {
        answered(sent, '');
      },
      (error: unknown) => {
        answered(sent, errorTypeOf(error), sqlStateOf(error));
      },
    );
  }
  return answer;
}

function answered(sent: Sent, errorType: string, sqlState?: string): void {
  const { operation, startTime, account, tenant } = sent;
  const durationMs = performance.now() - sent.startedAt;
  const seconds = durationMs / 1_000;
  observeOperation({ name: operation, errorType, seconds });
  account?.waited(durationMs);
  if (tenant !== undefined) {
    countTenantQuery(tenant, seconds);
    if (sqlState === INSUFFICIENT_PRIVILEGE) {
      countRefusal(REFUSED_BY_SERVER);
    }
  }
  if (sent.isTraced) {
    const attributes = attributesOf(sent, sqlState);
    recordClientSpan({ name: operation, attributes, startTime, durationMs, errorType });
  }
}

/** As OpenTelemetry's semantic conventions name them. */
function attributesOf({ operation, statement, tenant }: Sent, sqlState: string | undefined) {
  return {
    'db.system.name': 'postgresql',
    'db.operation.name': operation,
    'db.query.text': sqlWithoutValues(statement),
    ...(sqlState !== undefined && { 'db.response.status_code': sqlState }),
    ...(tenant !== undefined && { 'tenantry.tenant': tenant }),
  };
}

function operationOf(statement: string): string {
  const first = FIRST_WORD.exec(statement)?.[1]?.toUpperCase() ?? '';
  const word = first === 'START' ? 'BEGIN' : first;
  return OPERATIONS.has(word) ? word : 'OTHER';
}

function currentTenant(): string | undefined {
  const scope = scopes.getStore();
  return scope?.kind === 'tenant' ? scope.tenant.slug : undefined;
}
