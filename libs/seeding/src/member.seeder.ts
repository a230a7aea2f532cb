import type { EntityManager } from '@mikro-orm/core';
import { Member, type MemberRepository } from '@tenantry/domain';
import { BaseSeeder } from './base.seeder.ts';
import type { TenantData } from './profiles/seed-data.ts';

/** The members of the current tenant, by e-mail address. */
export class MemberSeeder extends BaseSeeder {
  constructor(
    private readonly members: MemberRepository,
    private readonly data: TenantData['members'],
  ) {
    super();
  }

  override async seed(): Promise<void> {
    for (const member of this.data) {
      if ((await this.members.findByEmail(member.email)) === null) {
        this.members.add(new Member(member));
        this.added++;
      }
    }
  }

  override async truncate(entityManager: EntityManager): Promise<void> {
    await entityManager.nativeDelete(Member, {});
  }
}
