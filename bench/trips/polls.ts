/** A state that a run has entered. */
interface Entered {
  name: string;
  type: string;
}

/**
 * Which of a run's Tasks were looks in vain: a wait came before, and another one after.
 *
 * @returns their places among the Tasks
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
