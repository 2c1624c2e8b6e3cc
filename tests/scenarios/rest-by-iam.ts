/** What machine-iam.test.ts leaves out, by IAM as well: `npm run test:faults` runs it. */
import './by-iam.ts';
import './flow.ts';
import './registry/absence.ts';
import './registry/attempts.ts';
import './registry/foreign.ts';
import './registry/minds.ts';
import './registry/target.ts';
import './repetition.ts';
import './restart.ts';
import './waits.ts';
