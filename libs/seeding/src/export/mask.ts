const LATIN = Array.from('xyzabcdefghijklmnopqrstuvw');
const DIGITS = Array.from('0123456789');
const HAN = from('文', 5_000);

/** What letters are masked by, in the case that they have; the first one that fits counts. All of it is in the basic plane. */
const SCRIPTS: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\p{scx=Latin}$/v, LATIN],
  [/^\p{scx=Greek}$/v, Array.from('ξοπρστυφχψωαβγδεζηθικλμν')],
  [/^\p{scx=Cyrillic}$/v, Array.from('жзийклмнопрстуфхцчшщъыьэюяабвгде')],
  [/^\p{scx=Han}$/v, HAN],
  [/^\p{scx=Katakana}$/v, from('ノ', 20)],
  [/^\p{scx=Hiragana}$/v, from('の', 30)],
  [/^\p{scx=Hangul}$/v, from('글', 5_000)],
  [/^\p{scx=Arabic}$/v, from('س', 8)],
  [/^\p{scx=Hebrew}$/v, from('א', 27)],
  [/^\p{scx=Devanagari}$/v, from('क', 34)],
  [/^\p{scx=Thai}$/v, from('ก', 46)],
  [/^\p{L}$/v, LATIN],
];

/** The text with its shape and nothing of what it says: letters become letters of the same kind, and digits 0. */
export function mask(text: string): string {
  return variant(text, 0) ?? text;
}

/**
 * Masks labels that differ by labels that differ, and that are none of them. The same label is masked the same way.
 * @param labels all that there are, in lower case
 */
export function labelMask(labels: Iterable<string>): (label: string) => string {
  const originals = new Set(labels);
  const taken = new Set(originals);
  const ofShape = new Map<string, Iterator<string, never>>();
  const masked = new Map<string, string>();
  for (const label of originals) {
    const shape = mask(label);
    const candidates = ofShape.get(shape) ?? variants(label);
    ofShape.set(shape, candidates);
    let candidate = candidates.next().value;
    while (taken.has(candidate)) {
      candidate = candidates.next().value;
    }
    taken.add(candidate);
    masked.set(label, candidate);
  }
  return (label) => masked.get(label) ?? mask(label);
}

/** All labels of a shape: first those of the same kinds of letters; there are always enough in Han. */
function* variants(label: string): Generator<string, never> {
  for (const standIns of [standInsOf, inHan]) {
    let next: string | undefined;
    for (let number = 0; (next = variant(label, number, standIns)) !== undefined; number += 1) {
      yield next.toLowerCase();
    }
  }
  throw new RangeError('There are more labels of one shape than can be masked.');
}

/** The texts of a shape are counted, as numbers are, by their last characters first; `undefined` after the last one. */
function variant(text: string, number: number, standIns = standInsOf): string | undefined {
  let rest = number;
  const characters = Array.from(text)
    .reverse()
    .map((character) => {
      const some = standIns(character);
      const standIn = some[rest % some.length];
      rest = Math.floor(rest / some.length);
      return standIn;
    });
  return rest === 0 ? characters.reverse().join('') : undefined;
}

/** What may take the place of a character: itself alone where it says nothing, as spaces and punctuation. */
function standInsOf(character: string): readonly string[] {
  if (/^\p{N}$/v.test(character)) {
    return DIGITS;
  }
  // Vowels of some scripts are marks; variation selectors belong to the emoji before them.
  if (/^[\p{M}--\p{VS}]$/v.test(character)) {
    return ['\u0301'];
  }
  if (!/^\p{L}$/v.test(character)) {
    return [character];
  }
  const letters = SCRIPTS.find(([script]) => script.test(character))?.[1] ?? LATIN;
  return /^[\p{Lu}\p{Lt}]$/v.test(character)
    ? letters.map((letter) => letter.toUpperCase())
    : letters;
}

function inHan(character: string): readonly string[] {
  return /^[\p{L}\p{N}]$/v.test(character) ? HAN : standInsOf(character);
}

function from(first: string, count: number): readonly string[] {
  const start = first.codePointAt(0) ?? 0;
  return Array.from({ length: count }, (_, index) => String.fromCodePoint(start + index));
}
