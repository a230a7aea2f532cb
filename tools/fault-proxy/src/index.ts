export {
  type Aftermath,
  type CommitFault,
  everyCommit,
  type Faults,
  nextCommits,
  someCommits,
} from './commit-fault.ts';
export type { Counters } from './counters.ts';
export { type BlackHole, FaultProxy, startFaultProxy } from './fault-proxy.ts';
export type { Network } from './network.ts';
