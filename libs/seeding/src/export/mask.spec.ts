import { email, Member, projectKey, Project } from '@tenantry/domain';
import fc from 'fast-check';
import { labelMask, mask } from './mask.ts';

const lengthOf = (text: string): number => Array.from(text).length;
const aProject = (): Project => new Project({ key: projectKey('ONE'), name: 'One' });

/** What a member can be called, as the domain stores it. */
const names = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom(...Array.from('Aé ß-7Ж田のノ글سअि🚀٣𝐀')),
      fc.string({ unit: 'binary' }),
    ),
  })
  .filter((name) => {
    try {
      return Boolean(new Member({ email: email('a@b.example'), name }));
    } catch {
      return false;
    }
  })
  .map((name) => name.trim());

/** Few letters, so that many labels are of the same shape, and sometimes of the shape of masked ones. */
const labels = fc.uniqueArray(fc.stringMatching(/^[xyz0ж田][xy0 -]{0,2}$/), { maxLength: 20 });

describe('a text that is masked', () => {
  it.each([
    ['Wile E. Coyote', 'Xxxx X. Xxxxxx'],
    ['Straße 12, höchste Priorität!', 'Xxxxxx 00, xxxxxxx Xxxxxxxxx!'],
    ['田中 美智子', '文文 文文文'],
    ['Живот и ΣΊΣΥΦΟΣ', 'Жжжжж ж ΞΞΞΞΞΞΞ'],
    ['ロケット の さくら', 'ノノノノ の ののの'],
    ['우주 🚀️ ٣', '글글 🚀️ 0'],
  ])('%s is %s', (text, masked) => {
    expect(mask(text)).toBe(masked);
  });

  it('is as long, valid wherever the text is, and the same when it is masked again', () => {
    fc.assert(
      fc.property(names, (name) => {
        const masked = mask(name);

        expect(lengthOf(masked)).toBe(lengthOf(name));
        expect(new Member({ email: email('a@b.example'), name: masked }).name).toBe(masked);
        expect(mask(masked)).toBe(masked);
      }),
    );
  });
});

describe('labels that are masked', () => {
  it('stay apart, as long and valid, and none is one that there was', () => {
    fc.assert(
      fc.property(labels, (some) => {
        const stored = aProject().addTask({ title: 'One', labels: some }).labels;
        const masked = stored.map(labelMask(stored));

        expect(masked.map(lengthOf)).toEqual(stored.map(lengthOf));
        expect(aProject().addTask({ title: 'One', labels: masked }).labels).toEqual(masked);
        expect(masked.filter((label) => stored.includes(label))).toEqual([]);
      }),
    );
  });

  it('stay apart where there are more than letters of their kind', () => {
    const all = Array.from('abcdefghijklmnopqrstuvwxyzäöü𝐀𝐁0123456789');

    const masked = all.map(labelMask(all));

    expect(new Set([...all, ...masked]).size).toBe(2 * all.length);
    expect(aProject().addTask({ title: 'One', labels: masked.slice(-20) }).labels).toEqual(
      masked.slice(-20),
    );
  });

  it('are the same wherever they are the same', () => {
    const masked = labelMask(['bug', 'fix', 'bug', 'v1', 'v2']);

    expect(['bug', 'fix', 'bug', 'v1', 'v2'].map(masked)).toEqual([
      'xxx',
      'xxy',
      'xxx',
      'x0',
      'x1',
    ]);
  });
});
