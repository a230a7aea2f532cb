import type { FactoryProvider } from '@nestjs/common';

type UseCase<Result, Parts extends readonly unknown[]> = new (...parts: Parts) => Result;
type Ports<Parts extends readonly unknown[]> = {
  [Index in keyof Parts]: abstract new (...parts: never[]) => Parts[Index];
};

/** Provides a use case, which knows nothing of Nest, with the ports that its constructor takes. */
export function useCase<Result, Parts extends readonly unknown[]>(
  provide: UseCase<Result, Parts>,
  ...inject: Ports<Parts>
): FactoryProvider<Result> {
  return { provide, useFactory: (...parts: Parts) => new provide(...parts), inject: [...inject] };
}
