/** A file that is no seed. */
export class SeedFileInvalid extends Error {
  override readonly name = 'SeedFileInvalid';

  /**
   * @param where such as `projects[3].tasks[0].status`; empty for the file as a whole
   * @param expected what there should be
   */
  constructor(
    readonly where: string,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`${where === '' ? 'The file' : where} ${expected}`, options);
  }
}

/** Makes what is wanted of a value that has been read. @throws {SeedFileInvalid} when it is something else */
export type Reader<Value> = (value: unknown, where: string) => Value;

export const aText: Reader<string> = (value, where) =>
  typeof value === 'string' ? value : fail(where, 'must be a text.');

export const aBoolean: Reader<boolean> = (value, where) =>
  typeof value === 'boolean' ? value : fail(where, 'must be true or false.');

export function oneOf<const Value extends string | number>(
  ...values: readonly Value[]
): Reader<Value> {
  return (value, where) =>
    values.find((one) => one === value) ?? fail(where, `must be ${values.join(' or ')}.`);
}

/** A text that is something more, which `parse` says in the words of the domain. */
export function parsed<Value>(parse: (text: string) => Value): Reader<Value> {
  return (value, where) => {
    const text = aText(value, where);
    return explained(where, () => parse(text));
  };
}

export function optional<Value>(reader: Reader<Value>): Reader<Value | undefined> {
  return (value, where) => (value === undefined ? undefined : reader(value, where));
}

export function listOf<Item>(reader: Reader<Item>): Reader<readonly Item[]> {
  return (value, where) =>
    Array.isArray(value)
      ? value.map((item, index) => reader(item, `${where}[${index}]`))
      : fail(where, 'must be a list.');
}

/** An object with whatever names. */
export function recordOf<Value>(reader: Reader<Value>): Reader<Readonly<Record<string, Value>>> {
  return (value, where) =>
    Object.fromEntries(
      Object.entries(anObject(value, where)).map(([name, item]) => [
        name,
        reader(item, `${where}.${name}`),
      ]),
    );
}

/** An object with these fields and no others. Those that may be missing, and are, are left out. */
export function objectOf<Shape extends object>(fields: {
  readonly [Field in keyof Shape]-?: Reader<Shape[Field]>;
}): Reader<Shape> {
  return (value, where) => {
    const object = anObject(value, where);
    const at = (field: string) => (where === '' ? field : `${where}.${field}`);
    for (const field of Object.keys(object)) {
      if (!Object.hasOwn(fields, field)) {
        fail(at(field), `is not known; there is ${Object.keys(fields).join(', ')}.`);
      }
    }
    const read = Object.entries<Reader<unknown>>(fields).map(
      ([field, reader]) => [field, reader(object[field], at(field))] as const,
    );
    return Object.fromEntries(read.filter(([, item]) => item !== undefined)) as Shape;
  };
}

/** Says where it was that something else has thrown. */
export function explained<Result>(where: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new SeedFileInvalid(where, `is not possible: ${reason}`, { cause: error });
  }
}

function anObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : fail(where, 'must be an object.');
}

function fail(where: string, expected: string): never {
  throw new SeedFileInvalid(where, expected);
}
