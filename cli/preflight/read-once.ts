/**
 * A client that makes each call once for the same arguments: later calls get the same answer. So what several checks or several clusters
 * need is read once. For clients that are used only to read.
 */
export function readOnce<Client extends object>(client: Client): Client {
  const answers = new Map<string, unknown>();
  return new Proxy(client, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const call = JSON.stringify([name, ...args]);
        if (!answers.has(call)) answers.set(call, member.apply(target, args));
        return answers.get(call);
      };
    },
  });
}
