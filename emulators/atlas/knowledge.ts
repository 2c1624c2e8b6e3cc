/** How a behaviour of Atlas is known, and from where. */
export interface Known {
  how: 'documented' | 'recorded' | 'reported' | 'assumed';
  /** A public source; of an assumption, what it is based on. */
  source: string;
}

/** MongoDB says so. */
export const documented = (source: string): Known => ({ how: 'documented', source });

/** It was seen in real answers that MongoDB has published. */
export const recorded = (source: string): Known => ({ how: 'recorded', source });

/** A user, or MongoDB's own tests, have seen it. */
export const reported = (source: string): Known => ({ how: 'reported', source });

/** There is no source. It is the reading that is harder on the callers. */
export const assumed = (source: string): Known => ({ how: 'assumed', source });

/** Of the Atlas Administration API v2, group Streams. */
export const apiReference = 'Atlas Administration API v2, Streams';

/** Of the same API, group Cloud Provider Access. */
export const accessReference = 'Atlas Administration API v2, Cloud Provider Access';

/** The requests and answers that MongoDB's Atlas CLI has recorded for its tests. */
export const cliRecordings = 'mongodb/mongodb-atlas-cli, snapshots of 10 August 2026';

export const terraformTests = "the tests of mongodb/terraform-provider-mongodbatlas, in MongoDB's CI";

/** MongoDB's own advice for agents, skill atlas-stream-processing. */
export const agentSkills = 'mongodb/agent-skills, atlas-stream-processing';

export const streamsArchitecture = 'MongoDB Atlas documentation, Stream Processing, "Architecture"';
