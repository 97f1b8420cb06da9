/** One call: a promise with a deadline, perhaps a signal, and exactly one outcome. */

import { setMaxListeners } from 'node:events';
import { McpvisorError } from '../../errors.ts';
import { isRecord } from '../../json.ts';
import { codeOf } from '../../system-error.ts';
import type { Progress, RequestOptions } from '../contract.ts';
import { hasNotReached } from '../link.ts';
import type { Inbound, Waiter } from '../protocol/wire.ts';

type Params = Readonly<Record<string, unknown>>;

/** What a call is part of. */
export interface CallOwner {
  /** Takes the call out of everything. False if it was settled already. */
  take(call: Call): boolean;
  /** Its time begins anew. */
  progressed(call: Call): void;
  cancelled(call: Call): void;
}

export interface CallTimes {
  readonly timeoutMs: number;
  readonly deadlineAt: number;
  /** No progress moves the deadline beyond. */
  readonly lastDeadlineAt: number;
}

/** Its own listener and waiter, so that a call costs one object and no closures. */
export class Call implements Waiter {
  /** Under which it was sent; null: it waits. */
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
    if (signal === undefined) return;
    allowManyListeners(signal);
    signal.addEventListener('abort', this, { once: true });
  }

  /** What is sent. A progress token goes along only if somebody listens: it costs the server a message each time. */
  paramsUnder(id: number): Params | undefined {
    const { meta, onProgress } = this.#options ?? {};
    if (meta === undefined && onProgress === undefined) return this.#params;
    const { progressToken: _, ...rest } = { ...toRecord(this.#params?._meta), ...meta };
    return { ...this.#params, _meta: onProgress === undefined ? rest : { ...rest, progressToken: id } };
  }

  answered(answer: Inbound): void {
    if (answer.error !== undefined) this.fail(upstreamError(this, answer.error));
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
    try {
      // The server's word; the type says what the protocol promises.
      onProgress(progress as unknown as Progress);
    } catch {
      // A bug of the caller: it must harm neither the call nor the messages behind this one, and a library has no
      // place of its own to complain.
    }
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#owner.cancelled(this);
  }

  fail(error: McpvisorError): void {
    if (this.#release()) this.#reject(error);
  }

  #succeed(result: unknown): void {
    if (this.#release()) this.#resolve(result);
  }

  #release(): boolean {
    if (!this.#owner.take(this)) return false;
    this.#options?.signal?.removeEventListener('abort', this);
    return true;
  }
}

/**
 * What JSON cannot hold (a circle, a BigInt) was never sent. Looked for only once something went wrong: it costs as
 * much as the writing.
 */
export function unwritableError(values: readonly unknown[], cause: unknown): McpvisorError | null {
  try {
    JSON.stringify(values);
    return null;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split('\n');
    const message = `cannot be written as JSON: ${reason}`;
    const problem = { path: 'params', message, hint: null, severity: 'error' } as const;
    return new McpvisorError('INVALID_REQUEST', { problems: [problem] }, { cause });
  }
}

/** One signal for many calls at once is ordinary use, not a leak: every listener is removed when its call settles. */
function allowManyListeners(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // Not one of Node's own signals: it has no such limit.
  }
}

function toRecord(value: unknown): Params | undefined {
  return isRecord(value) ? value : undefined;
}

function upstreamError({ server, method }: Call, error: unknown): McpvisorError {
  const { code, message, data } = isRecord(error) ? error : { code: undefined, message: error, data: undefined };
  const rpcCode = typeof code === 'number' ? code : -32603;
  const rpcMessage = typeof message === 'string' ? message : (JSON.stringify(message) ?? '');
  return new McpvisorError('UPSTREAM_ERROR', { server, method, rpcCode, rpcMessage, data });
}

/** What a request that could not be sent, or whose answer was lost, means to its caller. */
function toCallError({ server, method }: Call, error: unknown): McpvisorError {
  if (error instanceof McpvisorError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  const isUnreached = hasNotReached(error);
  // An HTTP status of this kind is the server's own refusal: nothing was done.
  if (typeof code === 'number' && (isUnreached || (code >= 400 && code < 500))) {
    return new McpvisorError(
      'UPSTREAM_ERROR',
      { server, method, rpcCode: code, rpcMessage: message, data: undefined },
      { cause: error },
    );
  }
  if (isUnreached) {
    const details = { server, state: 'connected', nextRetryAt: null, reason: message.replace(/\.$/, '') };
    return new McpvisorError('SERVER_NOT_CONNECTED', details, { cause: error });
  }
  return new McpvisorError('OUTCOME_UNKNOWN', { server, method, reason: message }, { cause: error });
}
