import './both-ways.ts';
import './cluster-policy.ts';
import './hostile.ts';
import './registry/pause.ts';
import './registry/claims.ts';
import './registry/sweeps.ts';
import './registry/trail.ts';
import './registry/unfinished.ts';
import './requests.ts';
import './retries.ts';
import './scram-secret.ts';
import './secrets.ts';
import './service-account.ts';
import './starts.ts';
// The last one: it checks what all tests above have visited in this process.
import './visits.ts';
