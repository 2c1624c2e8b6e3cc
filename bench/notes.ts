import type { Part } from './figures.ts';

/** What the columns mean. */
export const notes: Record<Part, string> = {
  cold: `Each figure is what was measured, with its ratio to a baseline of the same run; ✘ marks a missed goal.

loaded       CPU time of a new process until Lambda's runtime asks for the first event; baseline: a bundle that only
             builds the same AWS clients
answered     the same until the first answer; baseline: the same bundle, which answers without a request
wall time    from the start of the process to the first answer; it depends on the load of the machine
requests     a bundle of only the clients that sends as many requests; baseline: the same bundle without requests
÷ requests   the first answer compared with those requests alone: the cost of our own code
÷ echo       the first answer compared with a handler that returns its input`,
  warm: `own time     wall time of a warm handler without the time in which it waits for a request, or its CPU time if that is more;
             baseline: a bundle that sends as many requests

The events are those of a connected cluster. Nothing is created, so each event can be repeated.`,
  trips: `HTTP requests of a run, including digest challenges and reads of the credentials; baseline: the fewest requests that the
APIs allow (bench/trips/fewest.ts). Nonces do not expire here. Atlas's nonces do, and then a poll is challenged again.
Containers are cold unless the name says otherwise. to the registry: the share of all requests that go to DynamoDB.`,
  cost: `A first connect as deployed: the cluster takes 45 minutes, the link 32, the connection 26. cost is that of 1,000 connects: Step
Functions and Lambda, without the free tier. Requests to AWS and Atlas take no time here, so Lambda costs more in reality, but
transitions are nearly the whole cost. delay is the time from the end of a wait to the poll that finds it, for the three waits
together: 0 to 90 seconds, 45 on average.`,
  scale: `Clusters that are tagged within one minute: one account and Region, one Atlas project and workspace. Atlas's rate limit (1,200
requests at once and 500 more each minute), its lost writes (unless --keep-writes is given) and AWS's throttling are on. The time is
simulated, and waits for this machine.

One run for each number.

connected      clusters that Atlas and the cluster's tags call connected, of those that were tagged
total time     from the first tag to the end of the last run; baseline: what the remote times and Atlas's rate limit allow
               (bench/scale/bound.ts)
to Atlas, to AWS, transitions: for each cluster; baseline: one cluster
refused        share of the requests to Atlas that it answers with 429; throttled: the same for AWS
writes lost    for each cluster: connections that another write has overwritten, and that were written again
heap           what one more cluster needs of the runner's heap, after garbage collection, while all runs wait; baseline: the
               same between smaller numbers
a function     simulated duration of an average invocation, including its pauses after a 429; it grows if this machine is too
               slow for the speed of the clock`,
};
