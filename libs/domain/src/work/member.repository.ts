import type { Page, PageRequest } from '../page.ts';
import { Repository } from '../repository.ts';
import type { Email } from './email.ts';
import type { Member, MemberId } from './member.ts';

/** The members of the current tenant. */
export abstract class MemberRepository extends Repository<Member> {
  abstract findByEmail(email: Email): Promise<Member | null>;
  abstract page(request: PageRequest<MemberId>): Promise<Page<Member>>;
}
