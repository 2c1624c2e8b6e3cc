import type { Part } from './figures.ts';

/** What the columns mean. */
export const notes: Record<Part, string> = {
  cold: `Each figure is what was measured, with its ratio to a baseline of the same run; ✘ marks a missed goal.

loaded       CPU time of a new process until Lambda's runtime asks for the first event; baseline: a bundle that only
             builds the same AWS clients
answered     the same until the first answer; baseline: that bundle again, which answers without a call
on the clock from the start of the process to the first answer, which depends on what else the machine has to do
its calls    a bundle of the clients and nothing else that sends as many requests; baseline: that bundle without them
÷ its calls  the first answer against those calls alone: what is ours
÷ echo       the first answer against a handler that returns its input`,
  warm: `own time     wall time of a warm handler without the time in which a request of its own was out, or its CPU time if that
             is more; baseline: a bundle that sends as many requests

The events are those of a cluster that is connected, so that each can be given again and again: nothing is created.`,
  trips: `HTTP requests of a run, digest challenges and reads of the credentials among them; baseline: the least that the
APIs allow (bench/trips/least.ts). Nonces do not expire here; Atlas's do, and then a poll is challenged again.
Containers are cold, where nothing else is said.`,
  machine: `A first connect; the cluster takes 45 minutes, the link 32, the connection 26, or each up to 30 or 60 % more or less, or
twice as long (simulated). delay is what passes between the end of a wait and the poll that finds it, for the three waits together;
cost is that of 1000 connects, Step Functions and Lambda. Baseline: a poll every 30 s. Remote answers take no time here. The schedule
is made for the usual times: an end that comes before 0.6 of them, or after 1.6, is found up to half a minute later than by a poll
every 30 s, which is what a ✘ here is.`,
  scale: `Clusters that are tagged within one minute: one account and Region, one Atlas project and workspace. Atlas's bucket (1,200
requests and 500 a minute), its lost writes and AWS's throttling are on; the time is simulated, and waits for this machine.

One run for each number.

connected      as Atlas says and the tags of the cluster, of those that were tagged
total time     from the first tag to the last end; baseline: what the remote times and Atlas's bucket allow
               (bench/scale/bound.ts)
to Atlas, to AWS, transitions: for each cluster; baseline: one cluster
refused        share of the requests to Atlas that it answered with 429; throttled: the same of AWS
writes lost    for each cluster: connections that another write had overwritten, and that were written again
heap           what one cluster more needs of the runner's heap, after garbage collection, while all wait; baseline: the
               same between smaller numbers
a function     what an invocation takes on the average, simulated, with its pauses after a 429; were this machine too slow
               for the speed of the clock, this would show it`,
};
