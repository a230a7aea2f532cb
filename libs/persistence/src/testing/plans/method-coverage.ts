import { jest } from '@jest/globals';

interface Method {
  readonly name: string;
  readonly calledOn: readonly unknown[];
}

/** Which methods of some objects have been called, their own and those that their classes inherit. */
export class MethodCoverage {
  private readonly spied = new Map<object, readonly Method[]>();

  constructor(private readonly objects: readonly object[]) {
    objects.flatMap(prototypesOf).forEach((prototype) => {
      if (!this.spied.has(prototype)) {
        this.spied.set(prototype, methodsOf(prototype));
      }
    });
  }

  /** Those that nobody has called, each with its class. */
  get missing(): readonly string[] {
    return this.objects.flatMap((object) =>
      prototypesOf(object)
        .flatMap((prototype) => this.spied.get(prototype) ?? [])
        .filter(({ calledOn }) => !calledOn.some((one) => one?.constructor === object.constructor))
        .map(({ name }) => `${object.constructor.name}.${name}`),
    );
  }
}

function prototypesOf(object: object): readonly object[] {
  const prototype = Object.getPrototypeOf(object) as object;
  return prototype === Object.prototype ? [] : [prototype, ...prototypesOf(prototype)];
}

function methodsOf(prototype: object): readonly Method[] {
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => {
      const spy = jest.spyOn(prototype as Record<string, () => unknown>, name);
      return { name, calledOn: spy.mock.contexts };
    });
}
