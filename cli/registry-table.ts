import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** An account and Region has one registry, under a fixed name, whatever the stage is. */
export const registryTableName: string = parse(
  readFileSync(new URL('../infrastructure/registry.yml', import.meta.url), 'utf8'),
).Resources.Registry.Properties.TableName;
