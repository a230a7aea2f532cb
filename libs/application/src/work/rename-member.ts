import type { Member, MemberId, MemberRepository } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** A member goes by another name. */
export class RenameMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MemberRepository,
  ) {}

  /** @throws {NotFound} */
  run(id: MemberId, name: string): Promise<Member> {
    return this.unitOfWork.run(async () => {
      const member = await this.members.getForChange(id);
      member.rename(name);
      return member;
    });
  }
}
