/** What sort of thing each type of fact is: who wants to know what happened needs history more than chatter. */

import type { FactType } from '../fact.ts';

/** What comes as often as servers and callers please. Everything else is history. */
const chatter: ReadonlySet<FactType> = new Set<FactType>([
  'session.push',
  'session.notified',
  'session.asked',
  'call.started',
  'call.settled',
  'probe.sent',
  'probe.answered',
  'probe.missed',
  'catalog.changed',
  'lists.unread',
  'event.ignored',
]);

export function isChatter(type: FactType): boolean {
  return chatter.has(type);
}
