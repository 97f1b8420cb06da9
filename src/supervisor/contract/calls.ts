/** The public interface to calls: what they are given, and what comes of them. */

import type { McpvisorError, Problem } from '../../errors.ts';
import type { ContentBlock, Progress, RequestOptions } from '../../session/contract.ts';
import type { AnswerFormat, StructuredContent } from './model-messages.ts';

export interface AnswerToolCallsOptions<Format extends AnswerFormat = AnswerFormat> {
  readonly format: Format;
  /** Only tools of these servers may be called. Default: all. */
  readonly servers?: readonly string[];
  /** Limit for each call, in milliseconds. Default: the server's `callTimeoutMs`. */
  readonly timeoutMs?: number;
  /** What a model is shown of a result's `structuredContent`. Default `auto`. */
  readonly structured?: StructuredContent;
  /** When it aborts, the calls in progress are cancelled. */
  readonly signal?: AbortSignal;
}

export interface EnsureOptions {
  /** How long to wait for a server, in milliseconds. Default 60 000. */
  readonly timeoutMs?: number;
  /** When it aborts, the waiting ends. */
  readonly signal?: AbortSignal;
  /** Whether to wait for a server in `backoff`, which will be tried again; if not, that is an error. Default true. */
  readonly retries?: boolean;
}

/** Whether a server is connected, or why it is not. */
export type Ensured =
  | { readonly connected: true; readonly error: null }
  | { readonly connected: false; readonly error: McpvisorError };

export interface CallOptions extends RequestOptions {
  /** Called with each progress message of the server. */
  readonly onProgress?: (progress: Progress) => void;
  /** Called once, just before the promise resolves; not when it rejects. */
  readonly onAnswered?: (answered: Answered) => void;
}

/** How long a call took, and which session answered it. */
export interface Answered {
  /** From the call to its answer, in whole milliseconds. Includes the time a lazy server took to start. */
  readonly durationMs: number;
  /** Generation of the session that answered. */
  readonly generation: number;
}

/** One of the calls of `callTools`. */
export interface CallRequest {
  /** Default: the server that `tool`, an exposed name, belongs to. */
  readonly server?: string;
  /** The tool's own name or its `exposedName`; without `server` its `exposedName`. */
  readonly tool: string;
  /** Default `{}`. */
  readonly arguments?: Readonly<Record<string, unknown>>;
  /** Limit in milliseconds. Default: the server's `callTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** The outcome of one of the calls of `callTools`. */
export type CallOutcome =
  | ({ readonly status: 'ok'; readonly result: CallToolResult } & Answered)
  | {
      readonly status: 'failed';
      readonly error: { readonly code: string; readonly message: string; readonly [key: string]: unknown };
    };

/** Whether the arguments of a call match the tool's input schema. */
export type CallCheck =
  /** `problems` has only warnings: the schema cannot be used for a check. */
  | { readonly valid: true; readonly problems: readonly Problem[] }
  /** Every problem, with its path in the arguments. */
  | { readonly valid: false; readonly problems: readonly Problem[] };

/**
 * The result of a tool as the server sent it, unknown fields included. The types are those of MCP; a server may send
 * something else.
 */
export interface CallToolResult {
  readonly content?: readonly ContentBlock[];
  /** True: the tool reports that it failed. */
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
  readonly [key: string]: unknown;
}
