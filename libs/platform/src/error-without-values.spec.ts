import { errorWithoutValues } from './error-without-values.ts';

describe('an error that is logged', () => {
  it('has message, stack and code', () => {
    const logged = errorWithoutValues(Object.assign(new RangeError('too far'), { code: 'EFAR' }));

    expect(logged).toEqual({
      type: 'RangeError',
      message: 'too far',
      code: 'EFAR',
      stack: expect.stringContaining('error-without-values.spec') as string,
    });
  });

  it('of the database has its code and constraint, and nothing of what users wrote', () => {
    const refused = Object.assign(new Error('duplicate key … (email)=(ada@example.com)'), {
      code: '23505',
      constraint: 'member_email_key',
      detail: 'ada@example.com',
    });
    const logged = errorWithoutValues(new Error('could not be stored', { cause: refused }));

    expect(logged).toMatchObject({
      message: 'could not be stored',
      cause: {
        code: '23505',
        constraint: 'member_email_key',
        message: 'the database refused with 23505',
      },
    });
    expect(JSON.stringify(logged)).not.toContain('ada');
  });

  it.each([
    [
      'ValidationError',
      `Value for Member.name is required, 'ada' found\nentity: Member { email: 'ada' }`,
      'Value for Member.name is required,',
    ],
    ['NotFoundError', `Member not found ({ email: 'ada@example.com' })`, 'Member not found'],
  ])('of the ORM, a %s, has nothing of what was quoted', (name, message, left) => {
    const logged = errorWithoutValues(Object.assign(new Error(message), { name }));

    expect(logged).toMatchObject({ message: left });
    expect(JSON.stringify(logged)).not.toContain('ada');
  });

  it('can be anything that was thrown', () => {
    expect(errorWithoutValues('text')).toMatchObject({ type: 'string', message: 'text' });
    expect(errorWithoutValues(undefined)).toMatchObject({ type: 'undefined' });
  });
});
