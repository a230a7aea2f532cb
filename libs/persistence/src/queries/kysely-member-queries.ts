import type { MemberQueries, MemberRow } from '@tenantry/application';
import { type MemberId, type Page, pageOf, type PageRequest } from '@tenantry/domain';
import type { MemberTable } from './tables.ts';
import { TenantQueries } from './tenant-queries.ts';

export class KyselyMemberQueries
  extends TenantQueries<{ member: MemberTable }>
  implements MemberQueries
{
  async page({ after, limit }: PageRequest<MemberId>): Promise<Page<MemberRow>> {
    const found = await this.db
      .selectFrom('member')
      .select(['id', 'email', 'name', 'created_at as createdAt', 'updated_at as updatedAt'])
      .where((is) =>
        is.and([is('tenant_id', '=', this.tenantId), ...(after ? [is('id', '>', after)] : [])]),
      )
      .orderBy('id')
      .limit(limit + 1)
      .execute();
    const rows = found.map(({ createdAt, updatedAt, ...row }) => ({
      ...row,
      createdAt: new Date(createdAt),
      updatedAt: new Date(updatedAt),
    }));
    return pageOf(rows, limit);
  }
}
