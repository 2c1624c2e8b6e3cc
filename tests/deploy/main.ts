// The journeys of npm run test:deploy, one after the other.
import './deployment.ts';
import './release.ts';
