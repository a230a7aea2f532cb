import { foreignKey, primaryKey, uniqueKey } from './keys.ts';
import { notInTransaction } from './not-in-transaction.ts';
import { opaqueCode } from './opaque-code.ts';
import { rewriteRule, securityDefiner } from './owners-rights.ts';
import { policy } from './policies.ts';
import { roleChange } from './role-change.ts';
import { rowSecurity, rowSecurityForced } from './row-security.ts';
import type { Rule } from './rule.ts';
import { hardCodedSchema, unqualifiedName } from './schema-names.ts';
import { tableRewrite } from './table-rewrite.ts';
import { tenantColumn } from './tenant-column.ts';
import { truncateGrant } from './truncate-grant.ts';
import { materializedView, view } from './views.ts';

export type Rules = Readonly<Record<string, Rule>>;

/** What holds when a migration is taken back, too. */
export const RULES_OF_DOWN: Rules = {
  'hard-coded-schema': hardCodedSchema,
  'unqualified-name': unqualifiedName,
  'tenant-column': tenantColumn,
  'primary-key': primaryKey,
  'unique-key': uniqueKey,
  'foreign-key': foreignKey,
  'row-security': rowSecurity,
  'row-security-forced': rowSecurityForced,
  policy,
  view,
  'materialized-view': materializedView,
  'security-definer': securityDefiner,
  rule: rewriteRule,
  'truncate-grant': truncateGrant,
  'role-change': roleChange,
  'not-in-transaction': notInTransaction,
  'opaque-code': opaqueCode,
};

/** The rules that squawk does not have. Those that the prover has too, for what is there, have its names. */
export const RULES: Rules = {
  ...RULES_OF_DOWN,
  'table-rewrite': tableRewrite,
};
