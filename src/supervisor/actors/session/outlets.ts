/** Where the news of one session go: facts, events for the chart, and the server's `SessionFacts`. */

import type { ServerEvent } from '../../../../machines/server/events.ts';
import type { FactBody, FactOfActor, PublishFact } from '../../../observe/facts/fact.ts';
import type { ServerEntry } from '../../ledger.ts';
import type { SessionFacts } from '../../session-facts.ts';
import type { Moments } from '../moments.ts';

export interface OneSession {
  readonly entry: ServerEntry;
  readonly generation: number;
  readonly send: (event: ServerEvent) => void;
}

type WithoutMoment<Event> = Event extends { readonly generation: number; readonly at: number; readonly random: number }
  ? Omit<Event, 'generation' | 'at' | 'random'>
  : never;

export interface OutletParts {
  readonly publish: PublishFact;
  readonly moments: Moments;
}

export class SessionOutlets {
  readonly #parts: OutletParts;
  readonly #one: OneSession;

  constructor(parts: OutletParts, one: OneSession) {
    this.#parts = parts;
    this.#one = one;
  }

  /** Sends the chart an event of this session, with the time and a random number. */
  send(event: WithoutMoment<ServerEvent>): void {
    const { generation, send } = this.#one;
    send({ ...event, generation, ...this.#parts.moments.next() } as ServerEvent);
  }

  publish(fact: FactOfActor): void {
    const { entry, generation } = this.#one;
    this.#parts.publish({ actor: `server:${entry.name}`, generation, ...fact } as FactBody);
  }

  update(changed: Partial<SessionFacts>): void {
    const { entry } = this.#one;
    entry.reported = Object.freeze({ ...entry.reported, ...changed });
  }
}
