import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as z from 'zod/mini';
import { type Definition, machines, readDefinition, type State } from '../../statemachine/definition.ts';
import { type Contract, dataFlowComplaints, unwrittenFields } from './data-flow.ts';
import type { JsonSchema } from './json-schema.ts';
import { kebab, tasksOf } from './tasks.ts';

const contracts: Record<string, Contract> = {};

before(async () => {
  const names = machines.flatMap((machine) => tasksOf(readDefinition(machine)).map(([name]) => name));
  for (const name of names) {
    const module = await import(`../../functions/${kebab(name)}/${kebab(name)}.ts`);
    contracts[name] = { input: schemaOf(module[`${name}Input`]), output: schemaOf(module[`${name}Output`]) };
  }
});

const schemaOf = (schema: z.ZodMiniType): JsonSchema => z.toJSONSchema(schema) as JsonSchema;

for (const machine of machines)
  describe(`the data of ${machine}`, () => {
    it('has every field that a state reads, on every path to it', () => {
      assert.deepEqual(dataFlowComplaints(readDefinition(machine), contracts), []);
    });
  });

it('has every optional field that a function reads on some path to it, in one of the machines', () => {
  assert.deepEqual(unwrittenIn(machines.map((machine) => readDefinition(machine))), []);
});

/** The fields that every machine with this Task lacks. */
function unwrittenIn(definitions: Definition[]): string[] {
  const missing = definitions.map((definition) => unwrittenFields(definition, contracts));
  return [...new Set(missing.flat())].filter((field) =>
    definitions.every(
      ({ States }, index) => !((field.split(' ')[0] as string) in States) || missing[index]?.includes(field),
    ),
  );
}

describe('the data flow check', () => {
  const changed = (name: string, change: Partial<State>): Definition => {
    const definition = readDefinition('connect');
    return {
      ...definition,
      States: { ...definition.States, [name]: { ...definition.States[name], ...change } as State },
    };
  };
  const complaints = (definition: Definition) => dataFlowComplaints(definition, contracts).join('\n');

  it('finds a result that is written to another place', () => {
    const found = complaints(changed('LookUpPrincipal', { ResultPath: '$.account' }));
    assert.match(found, /^ApplyClusterPolicy reads run.principal, which no state certainly writes before$/m);
  });

  it('finds a state that one path leaves out', () => {
    const found = complaints(changed('IsPlanned', { Default: 'IsPrivateConnectivityOn' }));
    assert.match(
      found,
      /^IsScramSecretAssociated reads \$\.plan\.isScramSecretAssociated, which no state certainly writes/m,
    );
  });

  it('finds a choice that lets data of the wrong variant through', () => {
    const found = complaints(changed('IsAnythingToDo', { Default: 'InspectCluster' }));
    assert.match(found, /^InspectCluster reads run.request.clusterArn, which no state certainly writes before$/m);
  });

  it('finds an optional result that is written to another place', () => {
    const renamed = changed('AssociateScramSecret', { ResultPath: '$.association' });
    assert.deepEqual(unwrittenIn([renamed, readDefinition('disconnect')]), [
      'RecordSuccess run.scramSecretAssociation',
      'RecordFailure run.scramSecretAssociation',
    ]);
  });

  it('finds a field of another type', () => {
    const { input, output } = contracts.InspectCluster as Contract;
    const pollSeconds = { ...output.properties, pollSeconds: { type: 'string' } };
    const wrong = { ...contracts, InspectCluster: { input, output: { ...output, properties: pollSeconds } } };
    assert.deepEqual(dataFlowComplaints(readDefinition('connect'), wrong), [
      'WaitForCluster reads $.cluster.pollSeconds, which may be string instead of number',
    ]);
  });
});
