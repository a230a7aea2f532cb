export { HealthModule, type HealthOptions } from './health.module.ts';
export { Readiness, type ReadinessState } from './readiness/readiness.ts';
export { type DatabaseHealth, HealthReport } from './report/health-report.ts';
export { Indicator } from './report/indicator.ts';
export { judged, measured, type Reading, type Status, unknown } from './report/reading.ts';
export { type Observation, Sampler } from './report/sampler.ts';
export { Startup } from './startup.ts';
