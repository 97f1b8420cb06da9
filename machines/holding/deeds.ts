/** What a holder decided, done: by the charts of groups and of the root alike. */

import type { AnyActorRef, EventObject } from 'xstate';
import type { GroupReport, HolderEmitted } from '../group/events.ts';
import { reaperId, serverId } from '../ids.ts';
import type { ServerEvent, ServerInput } from '../server/events.ts';
import { type Post, sendById } from './address.ts';
import type { Deed } from './holding.ts';

export interface Hands extends Post {
  readonly enqueue: {
    sendTo(actor: AnyActorRef | string, event: EventObject): void;
    stopChild(id: string): void;
    emit(event: HolderEmitted): void;
    spawnChild(
      source: 'server',
      options: { readonly id: string; readonly systemId: string; readonly input: ServerInput },
    ): void;
    spawnChild(
      source: 'reaper',
      options: { readonly id: string; readonly systemId: string; readonly input: { readonly server: string } },
    ): void;
  };
}

/** What each holder does in its own way. */
export interface Ways {
  readonly id: string;
  readonly open: (id: string) => void;
  readonly tell: (report: GroupReport) => void;
}

export function carryOut(hands: Hands, deeds: readonly Deed[], ways: Ways): void {
  for (const deed of deeds) carryOutOne(hands, deed, ways);
}

function carryOutOne(hands: Hands, deed: Deed, { id: holder, open, tell }: Ways): void {
  const { enqueue } = hands;
  switch (deed.do) {
    case 'spawn': {
      const id = serverId(deed.input.name);
      enqueue.spawnChild('server', { id, systemId: id, input: { ...deed.input, holder } });
      break;
    }
    case 'reap': {
      const id = reaperId(deed.server);
      enqueue.spawnChild('reaper', { id, systemId: id, input: { server: deed.server } });
      break;
    }
    case 'open':
      open(deed.id);
      break;
    case 'stop':
      enqueue.stopChild(deed.id);
      break;
    case 'send':
      enqueue.sendTo(deed.to, deed.event);
      break;
    case 'dismiss':
      sendById(hands, serverId(deed.server), { type: 'server.shutdown' } satisfies ServerEvent);
      break;
    case 'tell':
      tell(deed.report);
      break;
    case 'emit':
      enqueue.emit(deed.event);
      break;
  }
}
