import { Backfill } from '../backfill.ts';

/**
 * It need not wait for another deployment: what an older build writes behind it stays empty and is found all the same, one by
 * one (`MikroMemberRepository`).
 */
export class FillMemberEmailLower extends Backfill {
  override readonly table = 'member';
  override readonly set = '"email_lower" = lower("email")';
  override readonly where = '"email_lower" is null';
}
