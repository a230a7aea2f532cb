import { TransactionContext } from '@mikro-orm/core';
import { TenantContextMissing } from '../tenant-context/isolation-violation.ts';
import { type TransactionalOptions, TransactionalService } from './transactional.service.ts';

type AsyncMethod = (...parameters: never[]) => Promise<unknown>;

/**
 * Runs a method of any provider as a unit of work, exactly as `TransactionalService.run` does, in the scope that is current
 * when it is called. The method may be run more than once.
 */
export function Transactional(options?: TransactionalOptions) {
  return <Method extends AsyncMethod>(
    _target: object,
    _name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const method = descriptor.value;
    if (!method) {
      throw new TypeError('@Transactional() is for methods.');
    }
    const transactional = async function (this: unknown, ...parameters: never[]): Promise<unknown> {
      return current().run(() => method.apply(this, parameters), options);
    };
    // What other decorators know of the method (routes, schemas) is looked for along this chain.
    Object.setPrototypeOf(transactional, method);
    Object.defineProperty(transactional, 'name', { value: method.name });
    descriptor.value = transactional as Method;
  };
}

function current(): TransactionalService {
  const entityManager = TransactionContext.getEntityManager();
  const service = entityManager && TransactionalService.of(entityManager);
  if (!service) {
    throw new TenantContextMissing();
  }
  return service;
}
