/** A port of which only what a spec needs is there; anything else that is asked of it is a failure of the spec. */
export function port<Port extends object>(methods: { [Name in keyof Port]?: Port[Name] }): Port {
  return new Proxy(methods, {
    get(target, name) {
      if (!(name in target)) {
        throw new Error(`${String(name)} was not expected to be used.`);
      }
      return Reflect.get(target, name) as unknown;
    },
  }) as Port;
}
