import { InvalidValue } from '../domain-error.ts';
import { email } from './email.ts';
import { Member } from './member.ts';

describe('an e-mail address', () => {
  it.each(['ada@example.com', ' Ada.Lovelace+x@sub.Example.co ', 'ü@exämple.at'])(
    '%j is kept as its owner writes it',
    (value) => {
      expect(email(value)).toBe(value.trim());
    },
  );

  it.each([
    '',
    'ada',
    'ada@',
    '@example.com',
    'ada@example',
    'a b@example.com',
    'a@b@c.d',
    `${'x'.repeat(250)}@a.bc`,
    'a\u0000@b.cd',
  ])('%j is none', (value) => {
    expect(() => email(value)).toThrow(InvalidValue);
  });
});

describe('a member', () => {
  it('has a name, which can change', () => {
    const member = new Member({ email: email('ada@example.com'), name: ' Ada ' });
    const { createdAt } = member;

    member.rename('Ada Lovelace');

    expect(member).toMatchObject({ name: 'Ada Lovelace', createdAt });
    expect(member.updatedAt.getTime()).toBeGreaterThanOrEqual(createdAt.getTime());
    expect(() => {
      member.rename(' ');
    }).toThrow(InvalidValue);
    expect(member.name).toBe('Ada Lovelace');
  });
});
