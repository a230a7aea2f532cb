import { Member, Project, PROJECT_STATUSES, Task, TASK_STATUSES } from '@tenantry/domain';
import fc from 'fast-check';

/** A condition as MikroORM takes it, on one of the tenant-owned classes. */
export type Condition = Readonly<Record<string, unknown>>;

/** The few values that rows and conditions are made of, so that conditions find something. */
export interface Values {
  readonly ids: readonly string[];
  readonly tenantIds: readonly string[];
  readonly names: readonly string[];
  readonly labels: readonly string[];
}

type Conditions = Record<'member' | 'project' | 'task', Condition>;

const DEPTH = 3;

/**
 * Conditions on one of the classes: comparisons of its properties, with `$and`, `$or` and `$not` around them, over
 * relations to one and to many, and those that name a tenant.
 */
export function conditionsOn(
  entity: typeof Member | typeof Project | typeof Task,
  values: Values,
): fc.Arbitrary<Condition> {
  const { member, project, task } = fc.letrec<Conditions>((tie) => ({
    member: logical(tie('member'), [
      ...everywhere(values),
      fc.record({ name: text(values.names) }),
      fc.record({ email: fc.record({ $like: fc.constantFrom('%a%', '%@%', 'b%') }) }),
    ]),
    project: logical(tie('project'), [
      ...everywhere(values),
      fc.record({ name: text(values.names) }),
      fc.record({ status: oneOrMore(PROJECT_STATUSES) }),
      fc.record({ openTaskCount: number }),
      fc.record({ archivedAt: fc.constantFrom(null, { $ne: null }) }),
      fc.record({ tasks: tie('task') }),
      fc.record({ tasks: quantified(tie('task')) }),
    ]),
    task: logical(tie('task'), [
      ...everywhere(values),
      fc.record({ title: text(values.names) }),
      fc.record({ status: oneOrMore(TASK_STATUSES) }),
      fc.record({ number }),
      fc.record({ labels: fc.record({ $contains: fc.subarray([...values.labels]) }) }),
      fc.record({ project: tie('project') }),
      fc.record({ assignee: fc.oneof(fc.constant(null), tie('member')) }),
      fc.record({ project: tie('project'), assignee: tie('member') }),
    ]),
  }));
  return new Map<unknown, fc.Arbitrary<Condition>>([
    [Member, member],
    [Project, project],
    [Task, task],
  ]).get(entity)!;
}

function logical(
  nested: fc.Arbitrary<Condition>,
  [first, ...rest]: readonly [fc.Arbitrary<Condition>, ...fc.Arbitrary<Condition>[]],
): fc.Arbitrary<Condition> {
  const several = fc.array(nested, { minLength: 1, maxLength: 3 });
  return fc.oneof(
    { maxDepth: DEPTH, withCrossShrink: true },
    first,
    ...rest,
    { weight: 3, arbitrary: fc.record({ $and: several }) },
    { weight: 3, arbitrary: fc.record({ $or: several }) },
    { weight: 3, arbitrary: fc.record({ $not: nested }) },
  );
}

/** What can be said of rows of every class; the type is a tuple, as there must be one condition that ends the nesting. */
function everywhere({
  ids,
  tenantIds,
}: Values): [fc.Arbitrary<Condition>, ...fc.Arbitrary<Condition>[]] {
  return [
    fc.record({ id: oneOrMore(ids) }),
    fc.record({ tenantId: oneOrMore(tenantIds) }),
    fc.record({ tenantId: fc.record({ $ne: fc.constantFrom(...tenantIds) }) }),
  ];
}

const number = fc.oneof(
  fc.nat(4),
  fc
    .constantFrom('$gt', '$gte', '$lt', '$lte', '$ne')
    .chain((operator) => fc.nat(4).map((value) => ({ [operator]: value }))),
);

function text(values: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    oneOrMore(values),
    fc.record({ $ne: fc.constantFrom(...values) }),
    fc.record({ $gt: fc.constantFrom(...values) }),
    fc.record({ $ilike: fc.constantFrom('%', 'A%', '%e%') }),
  );
}

function oneOrMore(values: readonly string[]): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(...values),
    fc.record({ $in: fc.subarray([...values]) }),
    fc.record({ $nin: fc.subarray([...values]) }),
  );
}

function quantified(nested: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> {
  return fc
    .tuple(fc.constantFrom('$some', '$none', '$every'), nested)
    .map(([quantifier, condition]) => ({ [quantifier]: condition }));
}
