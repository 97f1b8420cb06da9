/** The alarm of processes that a server left behind when its own were gone, and their facts. */

import type { RaisedAlarm } from '../../../machines/alarm.ts';
import type { PublishFact } from '../../observe/facts/fact.ts';
import type { Redactor } from '../../observe/secrets/redact.ts';
import type { StrayFound, StrayNews } from '../../session/contract.ts';

export interface StrayAlarms {
  /** Receives what the sessions tell of strays. */
  readonly onStray: (news: StrayNews) => void;
  of(server: string): readonly RaisedAlarm[];
}

/** Longest command in a fact or an alarm, in characters. */
const maxCommandLength = 1_000;
/** How many processes an alarm names; the rest is only counted. */
const maxNamed = 5;

export function createStrayAlarms(redactor: Redactor, publish: PublishFact): StrayAlarms {
  const known = new Map<string, Map<number, string>>();

  const found = ({ server, generation, pid, command: line, policy, secrets }: StrayFound): void => {
    const actor = `server:${server}`;
    // Its session has ended, and with it the redactor forgot the secrets.
    const owner = `strays of ${server}:${pid}`;
    redactor.addSecrets(owner, secrets);
    const command = redactor.text(line).slice(0, maxCommandLength);
    redactor.dropSecrets(owner);
    known.set(server, new Map([...(known.get(server) ?? []), [pid, command]]));
    publish({ type: 'stray.found', actor, generation, pid, command, policy });
  };

  return {
    onStray(news) {
      if (news.type === 'found') {
        found(news);
        return;
      }
      const { server, pid } = news;
      const left = known.get(server);
      left?.delete(pid);
      if (left?.size === 0) known.delete(server);
      publish({ type: 'stray.gone', actor: `server:${server}`, pid });
    },
    of(server) {
      const left = [...(known.get(server) ?? [])];
      if (left.length === 0) return [];
      const named = left.slice(0, maxNamed).map(([pid, command]) => `${pid} (${command})`);
      const others = left.length > maxNamed ? ` and ${left.length - maxNamed} more` : '';
      return [
        {
          alarm: 'strays',
          reason: `left processes behind: ${named.join(', ')}${others}`,
          clearedBy: 'the end of these processes',
          untilMs: null,
        },
      ];
    },
  };
}
