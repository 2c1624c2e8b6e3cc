/**
 * What is tested for connections by SCRAM and by IAM on every change. rest-by-iam.ts has what else is shared: `npm run test:faults` runs it by IAM.
 * What has nothing to do with how a connection logs in is only in machine.test.ts and registry.test.ts, such as which events and inputs start a
 * run, who holds a cluster, what the sweep starts, and the rest of the cluster policy.
 */
import './connected.ts';
import './failures.ts';
import './lifecycle.ts';
import './probe.ts';
