/** Checks whether the arguments of a call match the tool's schema, without making the call. */

import { McpvisorError } from '../../errors.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CallCheck, Supervisor } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import { notConnectedError, type Waking } from './waking.ts';

export interface CallChecksOptions {
  /** Throws `SERVER_NOT_FOUND`. */
  readonly entryOf: (server: string) => ServerEntry;
  readonly actorOf: (server: string) => ServerActor;
  readonly catalog: Catalog;
  readonly waking: Waking;
}

export function createCallChecks(options: CallChecksOptions): Supervisor['checkCall'] {
  const { entryOf, actorOf, catalog, waking } = options;
  let loading: Promise<(schema: object, args: unknown) => CallCheck> | null = null;

  function schemaOf(server: string, tool: string): object {
    const entry = entryOf(server);
    const exposed = catalog.resolve(tool);
    const ownName = exposed?.server === server ? exposed.tool : null;
    const { tools } = entry.lists;
    const found = tools.find(({ name }) => name === tool) ?? tools.find(({ name }) => name === ownName);
    if (found !== undefined) return found.inputSchema;
    if (waking.knowsTools(entry)) throw new McpvisorError('TOOL_NOT_FOUND', { server, tool });
    throw notConnectedError(entry, actorOf(server).getSnapshot());
  }

  return async (server, tool, args = {}) => {
    const schema = schemaOf(server, tool);
    // Loaded at the first check: most hosts never need the validator.
    loading ??= import('./validator.ts').then(({ createValidator }) => createValidator());
    const validate = await loading;
    return validate(schema, args);
  };
}
