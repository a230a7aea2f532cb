import { applyDecorators, type ExecutionContext, SetMetadata } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { SECURITY } from '../docs.ts';

/** Who may call a route, and in which scope it runs. A route that says nothing is a tenant's. */
export type Access = 'tenant' | 'operator' | 'public';

const ACCESS = 'access';

/** What a route says; a tenant's when it says nothing, so that one that forgets to cannot reach more. */
export function accessOf(reflector: Reflector, execution: ExecutionContext): Access {
  return (
    reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      execution.getHandler(),
      execution.getClass(),
    ]) ?? 'tenant'
  );
}

/** For operators, who show their token: it runs in the operator's scope. */
export function ForOperators(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, 'operator' satisfies Access),
    ApiBearerAuth(SECURITY.operator),
  );
}

/** For everybody: it runs in no scope, so it reaches no data. */
export function Public(): ClassDecorator & MethodDecorator {
  return SetMetadata(ACCESS, 'public' satisfies Access);
}

/** Says in the documentation that a tenant has to be named. */
export function ForTenants(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, 'tenant' satisfies Access),
    ApiBearerAuth(SECURITY.token),
    ApiSecurity(SECURITY.tenant),
  );
}
