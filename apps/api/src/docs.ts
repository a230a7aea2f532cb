import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** How requests say who they are for, as the document names it. */
export const SECURITY = { tenant: 'tenant', token: 'token', operator: 'operator' } as const;

/** The OpenAPI document, as a page at /docs and as /docs-json. */
export function setUpDocs(api: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Tenantry')
    .setDescription(
      'Work of many organisations in one installation. Errors are application/problem+json.',
    )
    .setVersion('1')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'x-tenant-id' }, SECURITY.tenant)
    .addBearerAuth({ type: 'http', bearerFormat: 'JWT' }, SECURITY.token)
    .addBearerAuth({ type: 'http' }, SECURITY.operator)
    .build();
  SwaggerModule.setup('docs', api, () => SwaggerModule.createDocument(api, description));
}
