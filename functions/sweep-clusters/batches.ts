/** Clusters that are examined at once: enough to be quick, few enough not to be throttled. */
const concurrency = 10;

/** Calls a function for each item, for a few at once. After a failure, it waits for those that are under way, and throws the first. */
export async function forEach<Item>(items: Item[], examine: (item: Item) => Promise<void>): Promise<void> {
  for (let next = 0; next < items.length; next += concurrency) {
    const outcomes = await Promise.allSettled(items.slice(next, next + concurrency).map(examine));
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failure) throw failure.reason;
  }
}
