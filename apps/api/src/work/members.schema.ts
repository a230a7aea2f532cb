import { email } from '@tenantry/domain';
import { z } from 'zod';
import { pageOf, pageParameters, text, timestamp } from '../http/schemas.ts';

export const memberView = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  createdAt: timestamp,
  updatedAt: timestamp,
});

export const memberPage = pageOf(memberView);

export const memberQuery = z.strictObject(pageParameters<'Member'>());
export type MemberQuery = z.output<typeof memberQuery>;

export const newMember = z.strictObject({ email: text(254).transform(email), name: text(1000) });
export type NewMemberBody = z.output<typeof newMember>;

export const memberChanges = z.strictObject({ name: text(1000) });
export type MemberChanges = z.output<typeof memberChanges>;
