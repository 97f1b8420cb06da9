/** One call: a promise with a deadline, perhaps a signal, and exactly one outcome. */

import { McpvisorError } from '../../errors.ts';
import { onAbort } from '../../on-abort.ts';
import { codeOf } from '../../system-error.ts';
import { wordsOf } from '../../text/error-words.ts';
import { isRecord, isTooDeep, mostLevels, textOf } from '../../text/json.ts';
import type { Progress, RequestOptions } from '../contract.ts';
import { hasNotReached, isDropped, type Refused, refusedIn } from '../link.ts';
import type { Inbound, Waiter } from '../protocol/wire.ts';

type Params = Readonly<Record<string, unknown>>;

/** The queue that a call belongs to. */
export interface CallOwner {
  /** Removes the call everywhere. False if it was settled already. */
  take(call: Call): boolean;
  /** Restarts its time-out. */
  progressed(call: Call): void;
  cancelled(call: Call): void;
}

export interface CallTimes {
  readonly timeoutMs: number;
  readonly madeAt: number;
  readonly deadlineAt: number;
  /** Progress never moves the deadline past this. */
  readonly lastDeadlineAt: number;
}

/** It is its own listener and waiter, so that a call costs one object and no closures. */
export class Call implements Waiter {
  /** Id under which it was sent; null: it is waiting. */
  id: number | null = null;
  deadlineAt: number;
  readonly server: string;
  readonly method: string;
  readonly times: CallTimes;
  readonly #params: Params | undefined;
  readonly #options: RequestOptions | undefined;
  readonly #owner: CallOwner;
  readonly #resolve: (result: unknown) => void;
  readonly #reject: (error: McpvisorError) => void;
  readonly #forgetSignal: (() => void) | null;

  constructor(
    owner: CallOwner,
    request: {
      readonly server: string;
      readonly method: string;
      readonly params: Params | undefined;
      readonly options: RequestOptions | undefined;
      readonly times: CallTimes;
    },
    settle: { readonly resolve: (result: unknown) => void; readonly reject: (error: McpvisorError) => void },
  ) {
    this.#owner = owner;
    this.server = request.server;
    this.method = request.method;
    this.#params = request.params;
    this.#options = request.options;
    this.times = request.times;
    this.deadlineAt = request.times.deadlineAt;
    this.#resolve = settle.resolve;
    this.#reject = settle.reject;
    const signal = request.options?.signal;
    this.#forgetSignal = signal === undefined ? null : onAbort(signal, () => this.#owner.cancelled(this));
  }

  /**
   * The params to send. There is a progress token only if the caller listens: each progress costs the server a message.
   */
  paramsUnder(id: number): Params | undefined {
    const { meta, onProgress } = this.#options ?? {};
    if (meta === undefined && onProgress === undefined) return this.#params;
    const { progressToken: _, ...rest } = { ...toRecord(this.#params?._meta), ...meta };
    return { ...this.#params, _meta: onProgress === undefined ? rest : { ...rest, progressToken: id } };
  }

  answered(answer: Inbound): void {
    if (answer.error !== undefined) this.fail(upstreamError(this, answer.error));
    else if ('result' in answer && isTooDeep(answer.result)) this.fail(tooDeepError(this));
    else if ('result' in answer) this.#succeed(answer.result);
    else this.fail(upstreamError(this, { code: -32603, message: 'The answer has neither a result nor an error.' }));
  }

  lost(error: unknown): void {
    this.fail(unwritableError([this.#params, this.#options?.meta], error) ?? toCallError(this, error));
  }

  progressed(progress: Params): void {
    const { onProgress } = this.#options ?? {};
    if (onProgress === undefined) return;
    this.#owner.progressed(this);
    if (isTooDeep(progress)) return;
    try {
      // Unchecked: the type says what the protocol promises.
      onProgress(progress as unknown as Progress);
    } catch {
      // A bug of the caller. It must harm neither the call nor the messages after this one, and a library has nowhere
      // to report it.
    }
  }

  fail(error: McpvisorError): void {
    if (this.#release()) this.#reject(error);
  }

  #succeed(result: unknown): void {
    if (this.#release()) this.#resolve(result);
  }

  #release(): boolean {
    if (!this.#owner.take(this)) return false;
    this.#forgetSignal?.();
    return true;
  }
}

/**
 * The error for values that JSON cannot hold (a cycle, a BigInt), so that nothing was sent. Checked only after a
 * failure: the check costs as much as the writing.
 */
export function unwritableError(values: readonly unknown[], cause: unknown): McpvisorError | null {
  try {
    JSON.stringify(values);
    return null;
  } catch (error) {
    const [reason] = wordsOf(error).split('\n');
    const message = `cannot be written as JSON: ${reason}`;
    const problem = { path: 'params', message, hint: null, severity: 'error' } as const;
    return new McpvisorError('INVALID_REQUEST', { problems: [problem] }, { cause });
  }
}

function toRecord(value: unknown): Params | undefined {
  return isRecord(value) ? value : undefined;
}

function upstreamError({ server, method }: Call, error: unknown): McpvisorError {
  const { code, message, data } = isRecord(error) ? error : { code: undefined, message: error, data: undefined };
  const rpcCode = typeof code === 'number' ? code : -32603;
  const rpcMessage = textOf(message);
  return new McpvisorError('UPSTREAM_ERROR', { server, method, rpcCode, rpcMessage, data: writable(data) });
}

/** Undefined for what is so deep that it could not be written for anybody. */
function writable(value: unknown): unknown {
  return isTooDeep(value) ? undefined : value;
}

function tooDeepError({ server, method }: Call): McpvisorError {
  const reason = `It is nested more than ${mostLevels} levels deep.`;
  return new McpvisorError('ANSWER_DROPPED', { server, method, reason });
}

/** The error for the caller when a request could not be sent, or its answer was lost. */
function toCallError({ server, method }: Call, error: unknown): McpvisorError {
  if (error instanceof McpvisorError) return error;
  const message = wordsOf(error);
  if (isDropped(error))
    return new McpvisorError('ANSWER_DROPPED', { server, method, reason: message }, { cause: error });
  const isUnreached = hasNotReached(error);
  const refused = refusedIn(error) ?? refusedByCode(error, message);
  const { rpc = null, ...said } = refused ?? {};
  // With such an HTTP status the server itself refused: nothing was done.
  if (refused !== null && (isUnreached || (refused.httpStatus >= 400 && refused.httpStatus < 500))) {
    const details = {
      server,
      method,
      rpcCode: rpc?.code ?? null,
      rpcMessage: rpc?.message ?? null,
      data: writable(rpc?.data),
    };
    return new McpvisorError('UPSTREAM_ERROR', { ...details, ...said }, { cause: error });
  }
  if (isUnreached) {
    const details = { server, state: 'connected', nextRetryAt: null, reason: message.replace(/\.$/, '') };
    return new McpvisorError('SERVER_NOT_CONNECTED', details, { cause: error });
  }
  const details = { server, method, reason: message.replace(/\.$/, ''), sessionEnded: false };
  return new McpvisorError('OUTCOME_UNKNOWN', { ...details, ...said }, { cause: error });
}

/** A host's transport may say no more than an HTTP status, as `code` of its error. */
function refusedByCode(error: unknown, message: string): Refused | null {
  const code = codeOf(error);
  return typeof code === 'number' && code >= 300 && code < 600
    ? { httpStatus: code, refusal: message, rpc: null, retryAfterMs: null, challenge: null }
    : null;
}
