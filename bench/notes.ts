import type { Part } from './figures.ts';

/** What the columns mean. */
export const notes: Record<Part, string> = {
  cold: `Each figure is what was measured, with its ratio to a baseline of the same run; ✘ marks a missed goal.

loaded       CPU time of a new process until Lambda's runtime asks for the first event; baseline: a bundle that only
             builds the same AWS clients
answered     the same until the first answer; baseline: that bundle again, which answers without a call
its calls    a bundle of the clients and nothing else that sends as many requests; baseline: that bundle without them
÷ its calls  the first answer against those calls alone: what is ours
÷ echo       the first answer against a handler that returns its input`,
  warm: `own time     wall time of a warm handler without the time in which a request of its own was out, or its CPU time if that
             is more; baseline: a bundle that sends as many requests`,
  trips: `HTTP requests of a run, digest challenges and reads of the credentials among them; baseline: the least that the
APIs allow (bench/trips/least.ts). Nonces do not expire here; Atlas's do, and then a poll is challenged again.
Containers are cold, where nothing else is said.`,
  machine: `A first connect; the cluster takes 45 minutes, the link 32, the connection 26, or each up to 30 or 60 % more or less
(simulated). The proposal was chosen for both; outside 0.6 to 1.6 times these durations it is twice as late.
delay is what passes between the end of a wait and its discovery, for the three waits together; cost is that of 1000
connects, Step Functions and Lambda. Baseline: a look every 30 s. Remote answers take no time here.`,
};
