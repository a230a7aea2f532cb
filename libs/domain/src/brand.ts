declare const brand: unique symbol;

/** A `Base` that has been checked to be a `Name`; a plain `Base` is not assignable to it. */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
