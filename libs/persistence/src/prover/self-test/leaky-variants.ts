import { tenantOwned } from '../../mapping/tenant-owned.ts';
import type { CheckName } from '../checks.ts';
import { readAll, rowAttacks } from '../attacks/row-attacks.ts';
import type { SqlAttack } from '../attacks/attack.ts';

/** A way for a table to leak that the prover must catch. The SQL spoils the sound table `member` in the search path. */
export interface LeakyVariant {
  readonly leak: string;
  readonly sql: readonly string[];
  /** What inspection must find. */
  readonly check: CheckName;
  /** The attacks that must succeed; none where only a mistake to come would make it a leak. */
  readonly breaches: readonly SqlAttack[];
}

const [policy] = tenantOwned.policies;

/** What makes a copy of a table as sound as the mapping would: keys come with the copy. */
export const MAKE_SOUND: readonly string[] = [
  'alter table member enable row level security',
  'alter table member force row level security',
  `create policy ${policy?.name ?? ''} on member using (${policy?.using ?? ''}) with check (${policy?.check ?? ''})`,
];

const uniqueValue = rowAttacks.filter(({ must }) => must === 'succeed');
const rows = rowAttacks.filter(({ must }) => must !== 'succeed');

export const LEAKY_VARIANTS: readonly LeakyVariant[] = [
  {
    leak: 'a table without row security',
    sql: ['alter table member disable row level security'],
    check: 'row-security',
    breaches: rows,
  },
  {
    leak: 'a policy with an alternative',
    sql: [
      `alter policy ${policy?.name ?? ''} on member using (${policy?.using ?? ''} or true) with check (true)`,
    ],
    check: 'policy',
    breaches: rows,
  },
  {
    leak: 'row security that does not bind the owner',
    sql: ['alter table member no force row level security'],
    check: 'row-security-forced',
    breaches: [],
  },
  {
    leak: 'a unique key without the tenant',
    sql: ['create unique index on member (email)'],
    check: 'unique-key',
    breaches: uniqueValue,
  },
  {
    leak: 'a view with its owner’s rights',
    sql: ['create view members as select * from member', 'grant select on members to public'],
    check: 'view',
    breaches: [readAll('members')],
  },
  {
    leak: 'a function with its owner’s rights',
    sql: [
      `create function members() returns setof member language sql security definer set search_path from current
         as 'select * from member'`,
    ],
    check: 'security-definer',
    breaches: [readAll('members()')],
  },
];
