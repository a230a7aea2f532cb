import { bareMikroOrm, mikroOrmSession } from './subjects/mikro-orm.ts';
import { drizzleRecipe } from './subjects/drizzle.ts';
import { rawFloor, rawRecipe } from './subjects/raw-pg.ts';
import { prismaRecipe } from './subjects/prisma.ts';
import { tenantry } from './subjects/tenantry.ts';
import { typeOrmRecipe } from './subjects/typeorm.ts';
import type { Place, Subject } from './subject.ts';

/** All of them, connected to one place. */
export async function connectAll(place: Place): Promise<readonly Subject[]> {
  return [
    rawFloor(place),
    bareMikroOrm(place),
    rawRecipe(place),
    await tenantry(place),
    mikroOrmSession(place),
    await prismaRecipe(place),
    drizzleRecipe(place),
    await typeOrmRecipe(place),
  ];
}
