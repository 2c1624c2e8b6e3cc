/** A state that a run has entered. */
interface Entered {
  name: string;
  type: string;
}

/**
 * Finds the Tasks of a run that were polls without a result: the run waited before and after them.
 *
 * @returns their positions among the Tasks
 */
export function pollsAmong(states: Entered[]): Set<number> {
  const steps = states.filter(({ type }) => type === 'Task' || type === 'Wait');
  const polls = new Set<number>();
  let task = 0;
  steps.forEach(({ type }, index) => {
    if (type !== 'Task') return;
    if (steps[index - 1]?.type === 'Wait' && steps[index + 1]?.type === 'Wait') polls.add(task);
    task += 1;
  });
  return polls;
}
