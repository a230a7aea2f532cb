import { Conflict, Member, type MemberRepository, type NewMember } from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Someone joins the organisation. */
export class AddMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MemberRepository,
  ) {}

  /** @throws {Conflict} when a member has the address, in any case */
  run(input: NewMember): Promise<Member> {
    return this.unitOfWork.run(async () => {
      if (await this.members.findByEmail(input.email)) {
        throw new Conflict('email-taken', 'There is a member with this e-mail address already.');
      }
      const member = new Member(input);
      this.members.add(member);
      return member;
    });
  }
}
