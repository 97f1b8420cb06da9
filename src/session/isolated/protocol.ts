/**
 * What a control plane and its client process say to each other. Words of servers travel as texts of JSON, which only
 * the end that needs them parses: numbers stay as they were written, and what carries them need not know what they mean.
 */

import { NotificationType, ProgressType, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import type { StopSettings } from '../../specification.ts';
import type { EndKind, ProbeKind, StrayNews } from '../contract.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { CallLimits, SessionRequest } from '../request.ts';
import type { HeldBytes, RemoteConnections } from '../sessions.ts';

/** Grows with each change of what is said here: ends that speak different ones do not work together. */
export const protocol = 1;

/** JSON, as `toJsonText` writes it. */
type Text = string;

/** Both ends can make it, so that a session can be found again over another connection. */
export type SessionId = string;

export function sessionIdOf({ server, generation }: Pick<SessionRequest, 'server' | 'generation'>): SessionId {
  return `${generation} ${server}`;
}

export interface OfSession {
  readonly id: SessionId;
}

export interface RequestOrder extends OfSession {
  readonly server: string;
  readonly method: string;
  readonly params: Text | null;
  readonly meta: Text | null;
  readonly timeoutMs: number | null;
  /** Null: nobody listens to progress. */
  readonly progress: number | null;
}

/** A `McpvisorError`, whose message is made again. */
export interface ErrorData {
  readonly code: string;
  readonly details: Text;
}

/** A session that the client process holds. */
export interface HeldSession extends OfSession {
  readonly server: string;
  readonly generation: number;
  /** Of what it was opened with; see `hashOf`. */
  readonly hash: string;
  /** Whether it is ready and was never told to end. */
  readonly isReady: boolean;
}

export interface Welcome {
  readonly protocol: number;
  readonly version: string;
  readonly instance: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  /** Its dead man's switch has fired: it takes nobody any more. */
  readonly isEnding: boolean;
  /** Shows that it knows the key: see `proofOf`. */
  readonly proof: string;
  readonly sessions: readonly HeldSession[];
}

/** What the client process goes by. */
export interface HolderSettings {
  readonly watchdogMs: number;
  readonly orphanGraceMs: number;
  /** How to end what a server left outside of its group. */
  readonly stops: readonly (readonly [server: string, stop: StopSettings])[];
}

export interface TakeOrder extends HolderSettings {
  readonly clientInfo: { readonly name: string; readonly version: string };
  /** Every other session is ended. */
  readonly keep: readonly SessionId[];
}

export interface Taken {
  /** The highest number of a session on record, by server. */
  readonly generations: readonly (readonly [server: string, generation: number])[];
  /** Why it could not be found out what an earlier run left behind. Null: it could, and that has been ended. */
  readonly problem: string | null;
}

export interface Beat {
  /** The worst delay of the loop since the last one, in milliseconds. */
  readonly lagMs: number;
  readonly sessions: number;
  readonly remote: RemoteConnections;
  readonly held: readonly HeldBytes[];
}

/** What concerns no session: an error as its words, and null once there is no trouble any more. */
export type Trouble =
  | { readonly of: 'error'; readonly message: string }
  | { readonly of: 'record' | 'guard'; readonly reason: string | null; readonly code: string | null }
  | { readonly of: 'socket'; readonly reason: string; readonly code: string | null }
  | { readonly of: 'refused'; readonly server: string; readonly bound: 'server' | 'process' }
  | { readonly of: 'stray'; readonly news: StrayNews }
  | { readonly of: 'reaped'; readonly record: ProcessRecord };

export const helloOrder = new RequestType<{ readonly nonce: string }, Welcome, void>('process/hello');
export const takeOrder = new RequestType<TakeOrder, Taken, void>('process/take');
export const configureOrder = new NotificationType<HolderSettings>('process/configure');
/** Answered when nothing of it is left but itself; then it exits. */
export const endAllOrder = new RequestType0<null, void>('process/end');
export const beatNews = new NotificationType<Beat>('process/beat');
export const troubleNews = new NotificationType<Trouble>('process/trouble');

export const openOrder = new NotificationType<OfSession & { readonly request: SessionRequest }>('session/open');
/** Everything that still holds of a session is told again. */
export const adoptOrder = new NotificationType<OfSession & { readonly limits: CallLimits }>('session/adopt');
export const sessionNews = new NotificationType<OfSession & { readonly news: Text }>('session/news');
export const requestOrder = new RequestType<RequestOrder, Text, ErrorData>('session/request');
export const progressNews = new ProgressType<Text>();
export const notifyOrder = new NotificationType<OfSession & { readonly method: string; readonly params: Text | null }>(
  'session/notify',
);
export const probeOrder = new RequestType<OfSession & { readonly kind: ProbeKind }, number, void>('session/probe');
export const endOrder = new NotificationType<OfSession & { readonly kind: EndKind }>('session/end');
export const reportOrder = new NotificationType<OfSession & { readonly question: number }>('session/report');
export const limitOrder = new NotificationType<OfSession & { readonly limits: CallLimits }>('session/limit');
/** `to`: the id of what the server asked. */
export const answerOrder = new NotificationType<OfSession & { readonly to: string | number; readonly answer: Text }>(
  'session/answer',
);
