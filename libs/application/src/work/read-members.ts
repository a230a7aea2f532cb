import type { Member, MemberId, MemberRepository, Page, PageRequest } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** What can be read of members, each in a read-only unit of work. */
export class ReadMembers {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MemberRepository,
  ) {}

  /** @throws {NotFound} */
  one(id: MemberId): Promise<Member> {
    return this.unitOfWork.run(() => this.members.getOrFail(id), { readOnly: true });
  }

  page(request: PageRequest<MemberId>): Promise<Page<Member>> {
    return this.unitOfWork.run(() => this.members.page(request), { readOnly: true });
  }
}
