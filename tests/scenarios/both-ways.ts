/**
 * What is tested for connections by SCRAM and by IAM. What has nothing to do with how a connection logs in is left to machine.test.ts,
 * such as which events and inputs start a run, who holds a cluster, what the sweep starts, and the rest of the cluster policy.
 */
import './connected.ts';
import './failures.ts';
import './flow.ts';
import './lifecycle.ts';
import './probe.ts';
import './repetition.ts';
import './registry/absence.ts';
import './registry/attempts.ts';
import './registry/foreign.ts';
import './registry/minds.ts';
import './registry/target.ts';
import './restart.ts';
import './waits.ts';
