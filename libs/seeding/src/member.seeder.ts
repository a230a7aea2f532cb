import type { EntityManager } from '@mikro-orm/core';
import { Member, type MemberRepository, type NewMember } from '@tenantry/domain';
import { KeyedSeeder } from './keyed.seeder.ts';
import type { OwnedData } from './profiles/seed-data.ts';

/** The members of a tenant, by e-mail address. */
export class MemberSeeder extends KeyedSeeder<NewMember, Member> {
  override readonly name;
  override readonly profiles;
  override readonly dependsOn;

  constructor(
    private readonly members: MemberRepository,
    private readonly data: OwnedData,
  ) {
    super(members);
    this.name = `${data.name}.members`;
    this.profiles = data.profiles;
    this.dependsOn = data.dependsOn;
  }

  override async truncate(entityManager: EntityManager): Promise<void> {
    await entityManager.nativeDelete(Member, {});
  }

  protected override itemsOf(target: string): readonly NewMember[] {
    return this.data.of(target).members;
  }

  protected override keyOf(member: NewMember): string {
    return member.email.toLowerCase();
  }

  protected override find(member: NewMember): Promise<Member | null> {
    return this.members.findByEmail(member.email);
  }

  protected override make(member: NewMember): Promise<Member> {
    return Promise.resolve(new Member(member));
  }

  protected override change(member: Member, { name }: NewMember): Promise<void> {
    member.rename(name);
    return Promise.resolve();
  }

  protected override async contentOf(member: NewMember): Promise<unknown> {
    return this.contentIn(await this.make(member));
  }

  protected override contentIn({ name }: Member): Promise<unknown> {
    return Promise.resolve({ name });
  }
}
