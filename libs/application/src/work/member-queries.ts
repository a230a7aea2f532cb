import type { MemberId, Page, PageRequest } from '@tenantry/domain';

/** A member as lists show them. */
export interface MemberRow {
  readonly id: MemberId;
  readonly email: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What screens show of the current tenant's members: plain rows that nobody can change, each time by one statement. */
export abstract class MemberQueries {
  abstract page(request: PageRequest<MemberId>): Promise<Page<MemberRow>>;
}
