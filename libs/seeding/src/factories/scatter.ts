/** A number of 32 bits that looks like chance and is always the same for the same numbers. */
export function scatter(...numbers: readonly number[]): number {
  let hash = 0x811c_9dc5;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x9e37_79b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** The same for a text. */
export function scatterText(text: string): number {
  return scatter(...Array.from(text, (character) => character.codePointAt(0) ?? 0));
}

/** One of them; `number` is any that is not negative. @throws {RangeError} when there is none */
export function oneOf<Item>(items: readonly Item[], number: number): Item {
  if (items.length === 0) {
    throw new RangeError('There is nothing to choose from.');
  }
  return items[number % items.length] as Item;
}
