import { p } from '@mikro-orm/core';

/** How a `BaseEntity` is stored. */
export const entityProperties = {
  id: p.uuid().primary(),
  createdAt: p.datetime(),
  updatedAt: p.datetime(),
};
