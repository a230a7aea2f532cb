import { type Email, email, Member } from '@tenantry/domain';
import { edgeCaseOf, textOf } from './edge-cases.ts';
import { factoryId } from './factory-id.ts';
import type { Recipe } from './recipe.ts';
import { scatter, scatterText } from './scatter.ts';

const LONGEST_NAME = 200;
const LONGEST_ADDRESS = 254;

/** Members of a tenant. */
export class MemberFactory {
  private readonly salt: number;

  constructor(private readonly recipe: Recipe) {
    this.salt = scatter(recipe.seed, scatterText(recipe.owner));
  }

  make(index: number): Member {
    const { seed, wording } = this.recipe;
    return new Member({
      id: factoryId('member', seed, index),
      email: this.address(index),
      name: textOf(index, LONGEST_NAME, () => wording.personName(scatter(this.salt, index))),
    });
  }

  private address(index: number): Email {
    const end = `-${index + 1}@${this.recipe.owner}.example`;
    const edgeCase = edgeCaseOf(index);
    if (edgeCase === 'longest') {
      return email(end.padStart(LONGEST_ADDRESS, 'a'));
    }
    return email(`${edgeCase === 'chinese' ? '成员' : 'member'}${end}`);
  }
}
