import { acme } from '../testing/persistence-harness.ts';
import { MEMBER, PROJECT, useUnitsOfWork } from '../testing/units-of-work.ts';

const units = useUnitsOfWork();
const { run, inAcme, project, members, statuses: storedStatuses } = units;

describe('what is read for a change', () => {
  it('keeps what was changed before', async () => {
    await inAcme(() =>
      run(async () => {
        const one = await units.persistence.projects.getForChange(PROJECT);
        one.addTask({ title: 'First' });
        const again = await units.persistence.projects.getForChange(PROJECT);
        again.addTask({ title: 'Second' });
        again.change({ status: 'on-hold' });
        await units.persistence.projects.getForChange(PROJECT);
        const member = await units.persistence.members.getOrFail(MEMBER);
        member.rename('lovelace');
        await units.persistence.members.getForChange(MEMBER);
      }),
    );

    expect(await storedStatuses()).toEqual(['on-hold', 'active']);
    expect(await members()).toEqual(['lovelace']);
    expect(await units.persistence.asOwner('select number from shared.task order by 1')).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });
});

describe('what was changed before it is read for a change', () => {
  it('is refused when others have changed it meanwhile', async () => {
    const whole = inAcme(() =>
      run(async () => {
        const one = await project();
        await units.persistence.asOwner(
          `update shared.project set name = 'Other', version = version + 1`,
        );
        one.change({ name: 'Mine' });
        await units.persistence.projects.getForChange(PROJECT);
      }),
    );

    await expect(whole).rejects.toMatchObject({ kind: 'stale' });
    expect(await units.persistence.asOwner('select distinct name from shared.project')).toEqual([
      { name: 'Other' },
    ]);
  });
});

describe('what is read for a change by two at once', () => {
  it.each([
    ['in parts', run],
    ['without', <Result>(work: () => Promise<Result>): Promise<Result> => work()],
  ])('%s, is changed by both', async (_how, part) => {
    await inAcme(() =>
      run(() =>
        Promise.all([
          part(async () => {
            (await units.persistence.projects.getForChange(PROJECT)).change({ status: 'on-hold' });
          }),
          part(async () => {
            const one = await units.persistence.projects.getForChange(PROJECT);
            one.change({ description: 'new' });
            one.addTask({ title: 'one' });
          }),
          part(async () => {
            (await units.persistence.projects.getForChange(PROJECT)).addTask({ title: 'two' });
          }),
        ]),
      ),
    );

    expect(
      await units.persistence.asOwner(
        'select status, description, last_task_number as tasks from shared.project where tenant_id = ?',
        [acme.id],
      ),
    ).toEqual([{ status: 'on-hold', description: 'new', tasks: 2 }]);
    expect(await units.persistence.asOwner('select number from shared.task order by 1')).toEqual([
      { number: 1 },
      { number: 2 },
    ]);
  });
});
