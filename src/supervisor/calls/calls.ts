/** What a caller may ask of a server: a tool by any name that it has here, or a request as the protocol has it. */

import { McpvisorError } from '../../errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { CallOptions, CallToolResult, Supervisor } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import { createExplain, type ExplanationOptions } from './explanation.ts';
import { createCallTools } from './outcomes.ts';
import { type Call, createPerform, type PerformingOptions } from './performing.ts';
import { toolNamedIn, treatmentOf, withOfferedTools } from './request-methods.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface CallsOptions extends PerformingOptions, ExplanationOptions {
  /** Throws `SERVER_NOT_FOUND`. */
  readonly entryOf: (server: string) => ServerEntry;
  readonly catalog: Catalog;
}

export type Calls = Pick<Supervisor, 'callTool' | 'callTools' | 'request'>;

/** A call of a tool by a name that it may have here. */
interface NamedCall extends Pick<Call, 'options' | 'askedAt'> {
  readonly tool: string;
  /** All but the name. */
  readonly params: Arguments;
}

export function createCalls(options: CallsOptions): Calls {
  const { entryOf, catalog, waking, now } = options;
  const perform = createPerform(options, createExplain(options));

  // oxlint-disable-next-line max-params -- the library's signature: server, tool, arguments, options
  function callTool(
    server: string,
    tool: string,
    args: Arguments = {},
    options?: CallOptions,
  ): Promise<CallToolResult> {
    try {
      const call = { tool, params: { arguments: args }, options, askedAt: now() };
      return callNamed(entryOf(server), call) as Promise<CallToolResult>;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The one way to a tool: only those that the server lists and its specification offers. */
  function callNamed(entry: ServerEntry, call: NamedCall): Promise<unknown> {
    const { tool, params, options, askedAt } = call;
    const name = entry.hasTool(tool) ? tool : ownNameOf(entry, tool);
    if (name === null)
      return waking.knowsTools(entry) ? rejected('TOOL_NOT_FOUND', entry.name, tool) : wakeThenCall(entry, call);
    // The name first, as the protocol shows it.
    const { name: _, ...rest } = params;
    return perform(entry, { method: 'tools/call', params: { name, ...rest }, tool: name, options, askedAt });
  }

  /**
   * A server that was never connected has no list in which to look the tool up. It is started first, if a call may
   * start it.
   */
  async function wakeThenCall(entry: ServerEntry, call: NamedCall): Promise<unknown> {
    const restMs = await waking.wake(entry, call.options);
    if (!waking.knowsTools(entry)) throw new McpvisorError('TOOL_NOT_FOUND', { server: entry.name, tool: call.tool });
    return callNamed(entry, { ...call, options: { ...call.options, ...(restMs !== null && { timeoutMs: restMs }) } });
  }

  /** `callTool` accepts exposed names, too. */
  function ownNameOf(entry: ServerEntry, tool: string): string | null {
    const resolved = catalog.resolve(tool);
    return resolved?.server === entry.name ? resolved.tool : null;
  }

  return {
    callTool,
    callTools: createCallTools(callTool, catalog),
    // oxlint-disable-next-line max-params -- the library's signature: server, method, params, options
    request(server, method, params, options) {
      try {
        const entry = entryOf(server);
        const askedAt = now();
        const treatment = treatmentOf(method);
        if (treatment === 'tool')
          return callNamed(entry, { tool: toolNamedIn(params), params: params ?? {}, options, askedAt });
        const answering = perform(entry, { method, params, tool: null, options, askedAt });
        return treatment === 'list' ? answering.then((result) => withOfferedTools(entry, result)) : answering;
      } catch (error) {
        return Promise.reject(error);
      }
    },
  };
}

function rejected(code: 'TOOL_NOT_FOUND', server: string, tool: string): Promise<never> {
  return Promise.reject(new McpvisorError(code, { server, tool }));
}
