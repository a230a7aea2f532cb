import { raw } from '@mikro-orm/postgresql';
import type {
  Email,
  Member,
  MemberId,
  MemberRepository,
  Page,
  PageRequest,
} from '@tenantry/domain';
import { condition } from './base.repository.ts';
import { TenantAwareRepository } from './tenant-aware.repository.ts';

export class MikroMemberRepository
  extends TenantAwareRepository<Member>
  implements MemberRepository
{
  /** Where an older build has left `email_lower` empty, only such rows are looked through. */
  findByEmail(email: Email): Promise<Member | null> {
    const lower = raw('lower(?)', [email]);
    return this.findOne(
      condition({
        $or: [{ emailLower: lower }, { emailLower: null, [raw('lower(email)')]: lower }],
      }),
    );
  }

  page(request: PageRequest<MemberId>): Promise<Page<Member>> {
    return this.keysetPage({}, request);
  }
}
