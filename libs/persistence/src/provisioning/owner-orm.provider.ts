import type { MikroORM } from '@mikro-orm/postgresql';

/** The owner's ORM under a token of its own: nobody who asks for the app's gets it by mistake. */
export class OwnerOrm {
  constructor(readonly orm: MikroORM) {}
}
