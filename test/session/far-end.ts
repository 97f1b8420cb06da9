/**
 * The far end of a wire: it holds a session and speaks of it in JSON only. What is here is all a process needs that
 * holds sessions for another one.
 */

import { type ErrorDetails, isMcpvisorError } from '../../src/errors.ts';
import type {
  Answer,
  EndKind,
  OpenSession,
  ProbeKind,
  Progress,
  RequestOptions,
  Session,
  SessionNews,
} from '../../src/session/contract.ts';
import type { CallLimits, SessionRequest } from '../../src/session/request.ts';

type Params = Readonly<Record<string, unknown>>;

export type Order =
  | { readonly do: 'open'; readonly request: SessionRequest }
  | {
      readonly do: 'request';
      readonly id: number;
      readonly method: string;
      readonly params: Params | undefined;
      readonly options: Pick<RequestOptions, 'timeoutMs' | 'meta'>;
      readonly reportsProgress: boolean;
    }
  | { readonly do: 'cancel'; readonly id: number }
  | { readonly do: 'notify'; readonly method: string; readonly params: Params | undefined }
  | { readonly do: 'probe'; readonly id: number; readonly kind: ProbeKind }
  | { readonly do: 'end'; readonly kind: EndKind }
  | { readonly do: 'report'; readonly question: number }
  | { readonly do: 'limit'; readonly limits: CallLimits }
  | { readonly do: 'answer'; readonly id: string | number; readonly answer: Answer };

export type Reply =
  | { readonly is: 'news'; readonly news: SessionNews }
  | { readonly is: 'result'; readonly id: number; readonly result: unknown }
  | { readonly is: 'error'; readonly id: number; readonly code: keyof ErrorDetails; readonly details: never }
  | { readonly is: 'progress'; readonly id: number; readonly progress: Progress };

export function createFarEnd(open: OpenSession, reply: (message: Reply) => void): (order: Order) => void {
  let session: Session | null = null;
  const calls = new Map<number, AbortController>();

  function settle(id: number, answer: Promise<unknown>): void {
    void answer
      .then(
        (result) => reply({ is: 'result', id, result }),
        (error: unknown) => {
          if (!isMcpvisorError(error)) throw error;
          reply({ is: 'error', id, code: error.code, details: error.details as never });
        },
      )
      .finally(() => calls.delete(id));
  }

  function request({ id, method, params, options, reportsProgress }: Extract<Order, { do: 'request' }>): void {
    const controller = new AbortController();
    calls.set(id, controller);
    const onProgress = (progress: Progress) => reply({ is: 'progress', id, progress });
    const all = { ...options, signal: controller.signal, ...(reportsProgress && { onProgress }) };
    if (session !== null) settle(id, session.request(method, params, all));
  }

  return (order) => {
    if (order.do === 'open') session = open(order.request, (news) => reply({ is: 'news', news }));
    else if (order.do === 'request') request(order);
    else if (order.do === 'cancel') calls.get(order.id)?.abort();
    else if (order.do === 'notify') session?.notify(order.method, order.params);
    else if (order.do === 'probe') settle(order.id, session?.probe(order.kind) ?? Promise.resolve(0));
    else if (order.do === 'end') session?.end(order.kind);
    else if (order.do === 'report') session?.report(order.question);
    else if (order.do === 'limit') session?.limit(order.limits);
    else session?.answer(order.id, order.answer);
  };
}
