/** The actor that carries out the orders of the client process' chart, and tells it what happened. */

import { fromCallback } from 'xstate';
import type { HolderNews, HolderOrder } from '../../../../machines/client-process/events.ts';
import type { ProcessHolder } from '../../../session/isolated/near/holder.ts';
import type { Moments } from '../moments.ts';

/** `holder`: null if sessions are in this process, and there is no such chart. */
export function createHolderActor(holder: ProcessHolder | null, moments: Moments) {
  return fromCallback<HolderOrder>(({ sendBack, receive }) => {
    holder?.listen((told) => sendBack({ ...told, ...moments.next() } as HolderNews));
    receive((order) => holder?.carryOut(order));
    return () => holder?.listen(() => {});
  });
}
