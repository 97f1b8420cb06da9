/** Calls: find the server's open session, send the request, and turn what goes wrong into an error that says why. */

import type { FailureClass } from '../../../machines/failure.ts';
import { isMcpvisorError, McpvisorError } from '../../errors.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { Session } from '../../session/contract.ts';
import type { Words } from '../actors/session/words.ts';
import type { ServerActor } from '../actors/system.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { Answered, CallOptions, CallOutcome, CallRequest, CallToolResult, Supervisor } from '../contract.ts';
import type { ServerEntry } from '../ledger.ts';
import { toolNamedIn, treatmentOf, withOfferedTools } from './request-methods.ts';
import { notConnectedError, type Waking } from './waking.ts';

type Arguments = Readonly<Record<string, unknown>>;

export interface CallsOptions {
  /** Throws `SERVER_NOT_FOUND`. */
  readonly entryOf: (server: string) => ServerEntry;
  readonly actorOf: (server: string) => ServerActor;
  /** The failure that is ending the server's session, or ended it; null: none, or it was stopped on request. */
  readonly causeOf: (server: string) => FailureClass | null;
  readonly catalog: Catalog;
  readonly waking: Waking;
  /** Makes what a server sent instead of an answer fit to be shown. */
  readonly overheard: Words['overheard'];
  readonly publish: PublishFact;
  /** Blanks what a server quotes of our headers when it refuses a call. */
  readonly redactor: Pick<Redactor, 'value'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** Resolves when the charts know all that has happened so far; null: they do. */
  readonly caughtUp: () => Promise<void> | null;
}

export type Calls = Pick<Supervisor, 'callTool' | 'callTools' | 'request'>;

interface Call {
  readonly method: string;
  readonly params: Arguments | undefined;
  readonly tool: string | null;
  readonly options: CallOptions | undefined;
  /** When the call was made, by `now`: before a lazy server was started for it. */
  readonly askedAt: number;
}

interface SentCall {
  readonly call: Call;
  readonly callId: number;
  readonly generation: number;
  /** By `now`. */
  readonly sentAt: number;
}

/** A call of a tool by a name that it may have here. */
interface NamedCall extends Pick<Call, 'options' | 'askedAt'> {
  readonly tool: string;
  /** All but the name. */
  readonly params: Arguments;
}

export function createCalls(options: CallsOptions): Calls {
  const { entryOf, actorOf, causeOf, catalog, waking, overheard, publish, redactor, now, caughtUp } = options;
  let lastCallId = 0;

  /** Not async: a call that can be sent at once costs no promise besides the session's. */
  function liveSession(entry: ServerEntry): Session | null {
    const { session } = entry.reported;
    return session !== null && actorOf(entry.name).getSnapshot().matches('connected') ? session : null;
  }

  function perform(entry: ServerEntry, call: Call): Promise<unknown> {
    const session = liveSession(entry);
    if (session !== null) return send(entry, session, call);
    return waking.wake(entry, call.options).then((restMs) => {
      const woken = liveSession(entry);
      if (woken === null) throw notConnectedError(entry, actorOf(entry.name).getSnapshot());
      return send(entry, woken, {
        ...call,
        options: { ...call.options, ...(restMs !== null && { timeoutMs: restMs }) },
      });
    });
  }

  function send(entry: ServerEntry, session: Session, call: Call): Promise<unknown> {
    const { method, params, tool, options } = call;
    lastCallId += 1;
    const sent: SentCall = { call, callId: lastCallId, generation: entry.reported.generation, sentAt: now() };
    entry.counts.made += 1;
    entry.counts.open += 1;
    const { callId, generation } = sent;
    publish({ type: 'call.started', actor: entry.actor, generation, callId, method, tool });
    return session.request(method, params, options).then(
      (result) => {
        settled(entry, sent, 'ok');
        if (options?.onAnswered !== undefined)
          notifyAnswered(options.onAnswered, { durationMs: Math.round(now() - call.askedAt), generation });
        return result;
      },
      async (error: unknown) => {
        entry.counts.failed += 1;
        settled(entry, sent, isMcpvisorError(error) ? error.code : 'INTERNAL');
        // A caller who learns from this that the session has ended must find its server in a state that says so, too.
        await caughtUp();
        throw withoutSecrets(redactor, withReasonOfChart(entry, error));
      },
    );
  }

  function settled({ actor, counts }: ServerEntry, { call, callId, generation, sentAt }: SentCall, outcome: string) {
    counts.open -= 1;
    const { method, tool } = call;
    publish({
      type: 'call.settled',
      actor,
      generation,
      callId,
      method,
      tool,
      outcome,
      durationMs: now() - sentAt,
    });
  }

  /** The session knows only that it is ending. The chart knows why, and what happens next. */
  function withReasonOfChart(entry: ServerEntry, error: unknown): unknown {
    const { name: server } = entry;
    // The error of a call that could not be sent says why. The chart may learn of it later, or may keep the session.
    const isKnown =
      isMcpvisorError(error, 'SERVER_NOT_CONNECTED') &&
      error.details.state === 'connected' &&
      actorOf(server).getSnapshot().matches('connected');
    if (isMcpvisorError(error, 'CALL_TIMED_OUT') && error.details.heard !== undefined) {
      const heard = overheard(error.details.heard);
      return new McpvisorError('CALL_TIMED_OUT', { ...error.details, heard }, { cause: error.cause });
    }
    if (isMcpvisorError(error, 'SERVER_NOT_CONNECTED'))
      return isKnown ? error : notConnectedError(entry, actorOf(server).getSnapshot());
    const reason = causeOf(server);
    const isEnded = isMcpvisorError(error, 'OUTCOME_UNKNOWN') && error.details.reason === 'stopping';
    return isEnded && reason !== null
      ? new McpvisorError('OUTCOME_UNKNOWN', { ...error.details, reason }, { cause: error })
      : error;
  }

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

  return {
    callTool,
    callTools: (calls, options = {}) => Promise.all(calls.map((one) => outcomeOf(one, options))),
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

/** A bug in the caller's callback must not affect the call. */
function notifyAnswered(onAnswered: NonNullable<CallOptions['onAnswered']>, answered: Answered): void {
  try {
    onAnswered(answered);
  } catch {
    // A library has nowhere to report it.
  }
}

function rejected(code: 'TOOL_NOT_FOUND', server: string, tool: string): Promise<never> {
  return Promise.reject(new McpvisorError(code, { server, tool }));
}

/** The refusal of a remote server may echo what was sent to it. Everything else that a server says to a caller is theirs. */
function withoutSecrets(redactor: Pick<Redactor, 'value'>, error: unknown): unknown {
  const isRefusal = isMcpvisorError(error, 'UPSTREAM_ERROR') || isMcpvisorError(error, 'OUTCOME_UNKNOWN');
  if (!isRefusal || error.details.httpStatus === undefined) return error;
  const details = redactor.value(error.details) as typeof error.details;
  return details === error.details ? error : new McpvisorError(error.code, details, { cause: error.cause });
}
