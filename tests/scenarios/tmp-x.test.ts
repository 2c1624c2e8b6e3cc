import { test } from 'node:test';
import { Watched } from './messages/watched.ts';
test('x', async () => {
  const watched = await Watched.start({ scramSecrets: [{ isAssociated: false }] });
    watched.fail('RecordFailure');
    const first = await watched.tag();
    console.log(await watched.subjects());
    for (const line of watched.cloud.lambda.logs.get('NotifyOutcome')??[]) console.log(line.slice(0,900));
  console.log(await watched.cloud.registry.all());
});
