/** Calls that are only checked: are the arguments what the tool's schema asks for? */

import { McpvisorError } from '../../errors.ts';
import type { Assembly } from '../assembly.ts';
import type { CallCheck, Supervisor } from '../contract.ts';
import { notConnectedError } from './waking.ts';

type Parts = Pick<Assembly, 'actorOf' | 'catalog' | 'entryOf' | 'waking'>;

export function createCallChecks({ actorOf, catalog, entryOf, waking }: Parts): Supervisor['checkCall'] {
  let loading: Promise<(schema: object, args: unknown) => CallCheck> | null = null;

  function schemaOf(server: string, tool: string): object {
    const entry = entryOf(server);
    const exposed = catalog.resolve(tool);
    const ownName = exposed?.server === server ? exposed.tool : null;
    const { tools } = entry.lists;
    const found = tools.find(({ name }) => name === tool) ?? tools.find(({ name }) => name === ownName);
    if (found !== undefined) return found.inputSchema;
    if (waking.knowsTools(entry)) throw new McpvisorError('TOOL_NOT_FOUND', { server, tool });
    throw notConnectedError(actorOf(server).getSnapshot());
  }

  return async (server, tool, args = {}) => {
    const schema = schemaOf(server, tool);
    // Most hosts never check: they are spared the validator.
    loading ??= import('./validator.ts').then(({ createValidator }) => createValidator());
    const validate = await loading;
    return validate(schema, args);
  };
}
