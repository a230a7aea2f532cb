import type { Node, RangeVar } from 'libpg-query';

/** The kinds of nodes that there are in the tree of a statement. */
export type Kind = Node extends infer Each ? (Each extends unknown ? keyof Each : never) : never;

/** What a node of that kind holds. */
export type Held<Name extends Kind> = Node extends infer Each
  ? Each extends Readonly<Record<Name, infer Value>>
    ? Value
    : never
  : never;

/** What a node holds when it is of that kind. */
export function as<Name extends Kind>(kind: Name, node: Node | undefined): Held<Name> | undefined {
  return node === undefined ? undefined : Reflect.get(node, kind);
}

/** What those nodes of a list hold that are of a kind. */
export function allOf<Name extends Kind>(kind: Name, nodes: readonly Node[] = []): Held<Name>[] {
  return nodes.flatMap((node) => as(kind, node) ?? []);
}

/** The texts in a list, such as the parts of a name. */
export function textsIn(nodes: readonly Node[] = []): string[] {
  return allOf('String', nodes).map(({ sval = '' }) => sval);
}

/** A table's name as it was written, without quotes. */
export function nameOf({ schemaname, relname = '' }: RangeVar = {}): string {
  return schemaname === undefined ? relname : `${schemaname}.${relname}`;
}

/** An object somewhere in a tree, under the key that it has there. */
export interface Branch {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

/** All objects of a tree, from the top. */
export function* branches(tree: unknown, key = ''): Generator<Branch> {
  if (Array.isArray(tree)) {
    for (const each of tree) {
      yield* branches(each, key);
    }
  } else if (typeof tree === 'object' && tree !== null) {
    yield { key, value: tree as Branch['value'] };
    for (const [name, each] of Object.entries(tree)) {
      yield* branches(each, name);
    }
  }
}

/** Whether two trees say the same, wherever they have been written. */
export function isSame(one: unknown, other: unknown): boolean {
  return withoutPlaces(one) === withoutPlaces(other);
}

function withoutPlaces(tree: unknown): string {
  return JSON.stringify({ tree }, (key, value: unknown) =>
    key === 'location' ? undefined : value,
  );
}
