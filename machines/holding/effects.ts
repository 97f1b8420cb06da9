/** Carries out the effects that a holder decided on, for the charts of groups and of the root. */

import type { AnyActorRef, EventObject } from 'xstate';
import type { GroupReport, HolderEmitted } from '../group/events.ts';
import { reaperId, serverId } from '../ids.ts';
import type { ServerEvent, ServerInput } from '../server/events.ts';
import { type Sender, sendById } from './address.ts';
import type { Effect } from './holding.ts';

/** What an action of a holder's chart needs for this. */
export interface HolderArgs extends Sender {
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

/** What differs between groups and the root: how to open a holder below, and how to report. `id`: of the holder. */
export interface Handlers {
  readonly id: string;
  readonly open: (id: string) => void;
  readonly report: (report: GroupReport) => void;
}

export function runEffects(args: HolderArgs, effects: readonly Effect[], handlers: Handlers): void {
  for (const effect of effects) runEffect(args, effect, handlers);
}

function runEffect(args: HolderArgs, effect: Effect, { id: holder, open, report }: Handlers): void {
  const { enqueue } = args;
  switch (effect.do) {
    case 'spawn': {
      const id = serverId(effect.input.name);
      enqueue.spawnChild('server', { id, systemId: id, input: { ...effect.input, holder } });
      break;
    }
    case 'reap': {
      const id = reaperId(effect.server);
      enqueue.spawnChild('reaper', { id, systemId: id, input: { server: effect.server } });
      break;
    }
    case 'open':
      open(effect.id);
      break;
    case 'stop':
      enqueue.stopChild(effect.id);
      break;
    case 'send':
      enqueue.sendTo(effect.to, effect.event);
      break;
    case 'dismiss':
      sendById(args, serverId(effect.server), { type: 'server.shutdown' } satisfies ServerEvent);
      break;
    case 'report':
      report(effect.report);
      break;
    case 'emit':
      enqueue.emit(effect.event);
      break;
  }
}
