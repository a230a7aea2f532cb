import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiSecurity } from '@nestjs/swagger';
import { SECURITY } from '../docs.ts';

/** Who may call a route, and in which scope it runs. A route that says nothing is a tenant's. */
export type Access = 'tenant' | 'operator' | 'public';

export const ACCESS = 'access';

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
