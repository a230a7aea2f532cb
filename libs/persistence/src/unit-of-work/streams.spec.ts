import { Member } from '@tenantry/domain';
import { globex } from '../testing/persistence-harness.ts';
import { useUnitsOfWork } from '../testing/units-of-work.ts';
import { StreamOpen } from './transaction-errors.ts';

const units = useUnitsOfWork();
const { run, inAcme, join, flush, sql, members } = units;

describe('a stream', () => {
  it('has nothing else sent in its transaction, which would wait for it for ever', async () => {
    const unit = inAcme(() =>
      run(async () => {
        for await (const { id } of units.persistence.entityManager.stream(Member)) {
          await sql(`select '${id}'`);
        }
      }),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
  });

  it('in a nested part has nothing sent by way of what is around that either', async () => {
    const unit = inAcme(() =>
      units.persistence.transactional.run((outer) =>
        run(
          async () => {
            for await (const { id } of units.persistence.entityManager.stream(Member)) {
              await outer.execute(`select '${id}'`);
            }
          },
          { propagation: 'nested' },
        ),
      ),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
  });

  it('keeps nobody from what is another transaction', async () => {
    const found = await inAcme(() =>
      run(async () => {
        const names: unknown[] = [];
        for await (const { id } of units.persistence.entityManager.stream(Member)) {
          names.push(
            await run(() => units.persistence.members.findById(id as never), {
              propagation: 'not_supported',
            }),
            await units.persistence.context.run(globex, () =>
              units.persistence.members.findById(id as never),
            ),
          );
        }
        return names;
      }),
    );

    expect(found).toMatchObject([{ name: 'ada' }, { name: 'ada' }]);
  });

  it('that is left open keeps nothing from ending', async () => {
    const unit = inAcme(() =>
      run(async () => {
        join('bob');
        await flush();
        await units.persistence.entityManager.stream(Member)[Symbol.asyncIterator]().next();
      }),
    );

    await expect(unit).rejects.toThrow(StreamOpen);
    expect(await members()).toEqual([]);
  });

  it('that others wait for ends with its time', async () => {
    const unit = inAcme(() =>
      run(
        async () => {
          const kysely = units.persistence.entityManager.getKysely();
          for await (const { id } of units.persistence.entityManager.stream(Member)) {
            await kysely
              .selectFrom<never>('member' as never)
              .where('id' as never, '=', id as never)
              .execute();
          }
        },
        { signal: AbortSignal.timeout(100) },
      ),
    );

    await expect(unit).rejects.toMatchObject({ kind: 'cancelled' });
    expect(await inAcme(() => run(() => sql('select 1 as one')))).toEqual([{ one: 1 }]);
  });
});
