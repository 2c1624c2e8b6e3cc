/**
 * What is tested for connections by SCRAM and by IAM. What has nothing to do with how a connection logs in is left to machine.test.ts,
 * such as which events and inputs start a run, how long it waits, how it restarts stream processors, who holds a cluster, what the sweep
 * starts, and the rest of the cluster policy.
 */
import './connected.ts';
import './failures.ts';
import './lifecycle.ts';
import './probe.ts';
