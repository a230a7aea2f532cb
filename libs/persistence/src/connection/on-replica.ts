import { isUnreachable } from './connection-errors.ts';

/** Does something on a replica; and on the primary instead when that one is away, and nothing has come of it yet. */
export async function onReplica<Result>(
  work: (where: 'read' | 'write') => Promise<Result>,
  nothingCameOfIt: () => boolean = () => true,
): Promise<Result> {
  try {
    return await work('read');
  } catch (error) {
    if (isUnreachable(error) && nothingCameOfIt()) {
      return work('write');
    }
    throw error;
  }
}
