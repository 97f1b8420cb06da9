/** Many calls at once, each with an outcome of its own. */

import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Answered, CallOptions, CallOutcome, CallRequest, Supervisor } from '../contract.ts';

export function createCallTools(callTool: Supervisor['callTool'], catalog: Catalog): Supervisor['callTools'] {
  async function outcomeOf(
    { server, tool, arguments: args, timeoutMs }: CallRequest,
    options: CallOptions,
  ): Promise<CallOutcome> {
    let answered: Answered = { durationMs: 0, generation: 0 };
    try {
      const target = server === undefined ? catalog.resolve(tool) : { server, tool };
      if (target === null) throw new McpvisorError('TOOL_NOT_FOUND', { server: null, tool });
      const result = await callTool(target.server, target.tool, args, {
        ...options,
        ...(timeoutMs !== undefined && { timeoutMs }),
        onAnswered: (it) => {
          answered = it;
        },
      });
      return { status: 'ok', result, ...answered };
    } catch (error) {
      if (isMcpvisorError(error))
        return { status: 'failed', error: { ...error.details, code: error.code, message: error.message } };
      return {
        status: 'failed',
        error: { code: 'INTERNAL', message: error instanceof Error ? error.message : String(error) },
      };
    }
  }

  return (calls, options = {}) => Promise.all(calls.map((one) => outcomeOf(one, options)));
}
