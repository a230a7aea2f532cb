import { accountOf, currentAccount, onAccountOf, RequestAccount } from './request-account.ts';

describe('the account of a request', () => {
  it('is found by whatever is done for it, and by the request later', async () => {
    const request = {};
    const account = new RequestAccount('r1');

    await onAccountOf(request, account, async () => {
      await Promise.resolve();
      expect(currentAccount()).toBe(account);
    });

    expect(currentAccount()).toBeUndefined();
    expect(accountOf(request)).toBe(account);
  });

  it('knows the statement that was repeated most, whatever its values', () => {
    const account = new RequestAccount('r1');
    for (const id of [1, 2, 3]) {
      account.sent(`select * from task where project_id = ${id}`);
    }
    account.sent(`select * from project where key = 'secret'`);

    expect(account.queries).toBe(4);
    expect(account.mostRepeated()).toEqual({
      text: 'select * from task where project_id = ?',
      count: 3,
    });
  });

  it('counts all statements, and keeps no more than some', () => {
    const account = new RequestAccount('r1');
    for (let number = 0; number < 5_000; number += 1) {
      account.sent('select 1');
    }

    expect(account.queries).toBe(5_000);
    expect(account.mostRepeated()?.count).toBe(1_000);
  });

  it('keeps no statement once it is closed', () => {
    const account = new RequestAccount('r1');
    account.sent('select 1');
    account.close();
    account.sent('select 2');

    expect(account.queries).toBe(2);
    expect(account.mostRepeated()).toBeUndefined();
  });
});
