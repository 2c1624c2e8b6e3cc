/**
 * What is tested for connections by SCRAM and by IAM. What has nothing to do with how a connection logs in is left to machine.test.ts:
 * which events and inputs start a run, and the deployment's own credentials.
 */
import './cluster-policy.ts';
import './connected.ts';
import './failures.ts';
import './lifecycle.ts';
import './repetition.ts';
import './registry/absence.ts';
import './registry/attempts.ts';
import './registry/claims.ts';
import './registry/foreign.ts';
import './registry/minds.ts';
import './registry/sweeps.ts';
import './registry/target.ts';
import './registry/unfinished.ts';
import './retries.ts';
import './waits.ts';
