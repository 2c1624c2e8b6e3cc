import './both-ways.ts';
import './cluster-policy.ts';
import './flow.ts';
import './registry/claims.ts';
import './registry/minds.ts';
import './registry/pause.ts';
import './registry/target.ts';
import './registry/unfinished.ts';
import './requests.ts';
import './restart.ts';
import './retries.ts';
import './scram-secret.ts';
import './secrets.ts';
import './service-account.ts';
import './starts.ts';
import './waits.ts';
// The last one: it checks what all tests above have visited in this process.
import './visits.ts';
