import type { PlacedTenant } from '../../tenant-context/placed-tenant.ts';
import type { SqlAttack } from './attack.ts';
import { attacker, memberOf, victim } from './throw-away-tenants.ts';

const REFUSED = ['42501'];
const INSERT = `insert into member (tenant_id, id, created_at, updated_at, email, name) values (?, ?, now(), now(), ?, 'x')`;
/** An id that nobody has. */
export const NOBODYS = '70000000-0000-8000-8000-00000000dead';

/** Reading without any condition but to leave one's own rows out. */
export const readAll = (relation: string, by: PlacedTenant = attacker): SqlAttack => ({
  attack: `read ${relation} without a condition`,
  statements: [
    {
      sql: `select count(*)::int as hit from ${relation} where tenant_id <> ?`,
      parameters: [by.id],
    },
  ],
  must: 'hit-nothing',
});

/**
 * Attacks on rows of the table `member` in the scope's schema. All that write name a throw-away tenant: where isolation is
 * broken, no real tenant is to suffer from its being proven.
 */
export const rowAttacks: readonly SqlAttack[] = [
  readAll('member'),
  {
    attack: 'read a member by an id that the other has',
    statements: [
      {
        sql: 'select count(*)::int as hit from member where id = ?',
        parameters: [memberOf(victim).id],
      },
    ],
    must: 'hit-nothing',
  },
  {
    attack: 'change members of the other',
    statements: [
      {
        sql: `with hit as (update member set name = 'taken' where tenant_id = ? returning 1) select count(*)::int as hit from hit`,
        parameters: [victim.id],
      },
    ],
    must: 'hit-nothing',
  },
  {
    attack: 'delete members of the other',
    statements: [
      {
        sql: 'with hit as (delete from member where tenant_id = ? and id = ? returning 1) select count(*)::int as hit from hit',
        parameters: [victim.id, memberOf(victim).id],
      },
    ],
    must: 'hit-nothing',
  },
  {
    attack: 'take a member from the other',
    statements: [
      {
        sql: 'with hit as (update member set tenant_id = ? where tenant_id = ? and id = ? returning 1) select count(*)::int as hit from hit',
        parameters: [attacker.id, victim.id, memberOf(victim).id],
      },
    ],
    must: 'hit-nothing',
  },
  {
    attack: 'insert a member for the other',
    statements: [{ sql: INSERT, parameters: [victim.id, NOBODYS, 'new@prover.example'] }],
    must: { fail: REFUSED },
  },
  {
    attack: 'give a member to the other',
    statements: [
      {
        sql: 'update member set tenant_id = ? where tenant_id = ? and id = ?',
        parameters: [victim.id, attacker.id, memberOf(attacker).id],
      },
    ],
    must: { fail: REFUSED },
  },
  {
    attack: 'use an e-mail address that the other has',
    statements: [{ sql: INSERT, parameters: [attacker.id, NOBODYS, memberOf(victim).email] }],
    must: 'succeed',
  },
];
