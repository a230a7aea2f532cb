import { BaseEntity, change } from '../base-entity.ts';
import { record } from '../domain-event.ts';
import { type Id, newId } from '../id.ts';
import { text } from '../text.ts';
import type { Email } from './email.ts';
import type { WorkEvent } from './work-event.ts';

export type MemberId = Id<'Member'>;

export interface NewMember {
  readonly id?: MemberId | undefined;
  readonly email: Email;
  readonly name: string;
}

/** Someone who works in the organisation. The e-mail address is unique within it, whatever its case. */
export class Member extends BaseEntity<MemberId> {
  readonly email: Email;
  readonly name: string;

  /** @throws {InvalidValue} when the name is empty or longer than 200 characters */
  constructor(member: NewMember) {
    super(member.id ?? newId());
    this.email = member.email;
    this.name = nameOf(member.name);
    record(this, { name: 'member.joined', data: {} } satisfies WorkEvent);
  }

  /** @throws {InvalidValue} when the name is empty or longer than 200 characters */
  rename(name: string): void {
    change<Member>(this, { name: nameOf(name) });
  }

  /** The member is about to be removed. */
  leave(): void {
    record(this, { name: 'member.left', data: {} } satisfies WorkEvent);
  }
}

function nameOf(name: string): string {
  return text('member name', name, 200);
}
