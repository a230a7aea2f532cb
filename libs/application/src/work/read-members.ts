import type { Member, MemberId, MemberRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** A member, read in a read-only unit of work. */
export class ReadMembers {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MemberRepository,
  ) {}

  /** @throws {NotFound} */
  one(id: MemberId): Promise<Member> {
    return this.unitOfWork.run(() => this.members.getOrFail(id), { readOnly: true });
  }
}
