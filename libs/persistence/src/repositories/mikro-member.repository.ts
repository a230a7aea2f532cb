import { raw } from '@mikro-orm/postgresql';
import type {
  Email,
  Member,
  MemberId,
  MemberRepository,
  Page,
  PageRequest,
} from '@tenantry/domain';
import { TenantAwareRepository } from './tenant-aware.repository.ts';

export class MikroMemberRepository
  extends TenantAwareRepository<Member>
  implements MemberRepository
{
  findByEmail(email: Email): Promise<Member | null> {
    return this.findOne({ [raw('lower(email)')]: raw('lower(?)', [email]) });
  }

  page(request: PageRequest<MemberId>): Promise<Page<Member>> {
    return this.keysetPage({}, request);
  }
}
