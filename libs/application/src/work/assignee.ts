import { type Member, type MemberId, type MemberRepository, RuleViolation } from '@tenantry/domain';

/**
 * The member that a task is to be assigned to; `null` takes the assignee away, `undefined` leaves it.
 * @throws {RuleViolation} when there is no such member in the organisation
 */
export async function assigneeOf(
  members: MemberRepository,
  id: MemberId | null | undefined,
): Promise<Member | null | undefined> {
  if (!id) {
    return id as null | undefined;
  }
  const member = await members.findById(id);
  if (!member) {
    throw new RuleViolation(
      'assignee-unknown',
      'The assignee is not a member of the organisation.',
    );
  }
  return member;
}
