import { type Email, email, Member, newId } from '@tenantry/domain';
import type { MikroMemberRepository } from '../../repositories/mikro-member.repository.ts';
import { anyRepository } from './any-repository.ts';
import { idOf } from './large-placement.ts';
import type { Senders } from './sender.ts';

const page = { limit: 10 };

/** Whatever the repository of members can be asked for. */
export function memberSenders(members: MikroMemberRepository): Senders {
  return {
    ...anyRepository<Member>(members, {
      row: () => {
        const { id, email: address, name, createdAt, updatedAt } = aMember();
        return { id, email: address, name, createdAt, updatedAt };
      },
      relations: [],
      property: 'name',
    }),
    findByEmail: () => members.findByEmail(email('Member7@example.com')),
    'findByEmail of nobody': () => members.findByEmail(email('nobody@example.com')),
    page: () => members.page(page),
    'page after another': () => members.page({ ...page, after: idOf(100) }),
    add: () => {
      members.add(aMember());
    },
    'add, then change': async () => {
      (await members.getForChange(idOf(9))).rename(newId());
    },
    remove: async () => {
      // Nobody has given a task to a member that is new.
      const member = aMember();
      members.add(member);
      await members.getEntityManager().flush();
      members.remove(member);
    },
  };
}

function aMember(): Member {
  return new Member({ email: anEmail(), name: 'Ada' });
}

function anEmail(): Email {
  return email(`${newId()}@example.com`);
}
