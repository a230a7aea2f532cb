import {
  Conflict,
  type MemberId,
  type MemberRepository,
  type ProjectRepository,
} from '@tenantry/domain';
import type { UnitOfWork } from '../unit-of-work.ts';

/** Someone leaves the organisation. */
export class RemoveMember {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly members: MemberRepository,
    private readonly projects: ProjectRepository,
  ) {}

  /**
   * @throws {NotFound}
   * @throws {Conflict} while tasks are assigned to the member: they are to be given to someone else first
   */
  run(id: MemberId): Promise<void> {
    return this.unitOfWork.run(async () => {
      const member = await this.members.getForChange(id);
      if (await this.projects.hasTasksOf(member.id)) {
        throw new Conflict(
          'member-has-tasks',
          'Tasks are assigned to this member: give them to someone else first.',
        );
      }
      member.leave();
      this.members.remove(member);
    });
  }
}
