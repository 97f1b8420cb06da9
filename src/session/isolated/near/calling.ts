/** One call over the hop: what is sent, what comes back, and what it means when nothing does. */

import {
  CancellationTokenSource,
  type Disposable,
  type MessageConnection,
  type ResponseError,
} from 'vscode-jsonrpc/node';
import { type ErrorCode, type ErrorDetails, McpvisorError } from '../../../errors.ts';
import { onAbort } from '../../../on-abort.ts';
import { isRecord } from '../../../text/json.ts';
import { parseJsonText } from '../../../text/json-text.ts';
import type { Progress, RequestOptions } from '../../contract.ts';
import { progressNews, type RequestOrder, requestOrder } from '../protocol.ts';

type Listening = Pick<RequestOptions, 'signal' | 'onProgress'>;

/** Rejects with the error of the far end, or with `OUTCOME_UNKNOWN` if the connection is lost. */
export async function callOver(
  connection: MessageConnection,
  order: RequestOrder,
  { signal, onProgress }: Listening,
): Promise<unknown> {
  const progress = order.progress === null ? null : listenTo(connection, order.progress, onProgress);
  const source = signal === undefined ? null : new CancellationTokenSource();
  const forget = signal === undefined ? null : onAbort(signal, () => source?.cancel());
  try {
    const answer = await (source === null
      ? connection.sendRequest(requestOrder, order)
      : connection.sendRequest(requestOrder, order, source.token));
    return parseJsonText(answer);
  } catch (error) {
    throw toCallError(error, order);
  } finally {
    forget?.();
    source?.dispose();
    progress?.dispose();
  }
}

function listenTo(connection: MessageConnection, token: number, onProgress: RequestOptions['onProgress']): Disposable {
  return connection.onProgress(progressNews, token, (said) => {
    try {
      onProgress?.(parseJsonText(said) as Progress);
    } catch {
      // A bug of the caller: it must not harm the call, and there is nobody to tell.
    }
  });
}

/** Without an error of ours at the far end, the connection was lost: whether the call was made nobody knows. */
function toCallError(error: unknown, { server, method }: RequestOrder): McpvisorError {
  const { data } = error as Partial<ResponseError<unknown>>;
  if (isRecord(data) && typeof data.code === 'string' && typeof data.details === 'string')
    return new McpvisorError(data.code as ErrorCode, JSON.parse(data.details) as ErrorDetails[ErrorCode]);
  const details = { server, method, reason: 'the client process was lost', sessionEnded: true };
  return new McpvisorError('OUTCOME_UNKNOWN', details, { cause: error });
}
