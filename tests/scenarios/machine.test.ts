import './both-ways.ts';
import './hostile.ts';
import './registry/trail.ts';
import './requests.ts';
import './scram-secret.ts';
import './secrets.ts';
import './service-account.ts';
import './starts.ts';
// The last one: it checks what all tests above have visited in this process.
import './visits.ts';
