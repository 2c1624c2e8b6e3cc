import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseClusterArn } from '../../shared/msk/arn.ts';
import { fields } from '../../shared/request/fields.ts';

const arnOf = (name: string) =>
  `arn:aws:kafka:us-east-1:111122223333:cluster/${name}/6357e0b2-0e6a-4b86-a0b4-70df934c2e31-5`;

describe("A cluster's name", () => {
  for (const name of ['a', '0', 'Orders-2', 'orders-', 'x'.repeat(64)])
    it(`may be ${name}, and the connection may have the same name`, () => {
      assert.equal(parseClusterArn(arnOf(name))?.clusterName, name);
      assert.equal(fields.connectionName.safeParse(name).success, true);
    });

  for (const name of ['', '-orders', 'my_orders', 'my.orders', 'orders*', 'órders', 'a b', 'a/b', 'x'.repeat(65)])
    it(`is never ${JSON.stringify(name)}, because MSK refuses it`, () => {
      assert.equal(parseClusterArn(arnOf(name)), undefined);
    });
});
