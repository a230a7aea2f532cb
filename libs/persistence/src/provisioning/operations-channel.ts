/** Where PostgreSQL tells provisioners that something has been requested. */
export const OPERATIONS_CHANNEL = 'tenantry_operation';
