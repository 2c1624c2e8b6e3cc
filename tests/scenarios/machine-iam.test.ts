import './by-iam.ts';
import './both-ways.ts';
import './iam.ts';
import './visits.ts';
