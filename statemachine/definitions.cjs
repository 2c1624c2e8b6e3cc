// What serverless.yml deploys: the state machines as JSON.
const { machines, readDefinition } = require('./definition.ts');

module.exports = Object.fromEntries(machines.map((machine) => [machine, readDefinition(machine)]));
