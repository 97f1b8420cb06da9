/** What the facts of a control plane must never say, from its first to its last. */

export interface ToldFact {
  readonly type: string;
  readonly actor: string;
  readonly seq: number;
  readonly generation?: number;
  readonly [field: string]: unknown;
}

/** The life of one control plane. */
export interface Life {
  readonly facts: readonly ToldFact[];
  /** By us: what it had begun, nobody could finish. */
  readonly isKilled: boolean;
  /** Its groups are certainly still on record: what owned them was killed, too, and could not end them in order. */
  readonly leavesRecord: boolean;
  /** Its exit code or signal; null: it runs. */
  readonly end: number | string | null;
}

/** Sentences, one for each violation. */
export function violationsIn({ facts, isKilled }: Life): readonly string[] {
  // Of a reader that was too slow, nothing can be said about pairs.
  const isWhole = facts.every(({ type }) => type !== 'facts.missed');
  return [
    ...bugsIn(facts),
    ...(isWhole
      ? [
          ...gapsIn(facts),
          ...leapsIn(facts),
          ...overlapsIn(facts),
          ...openIn(facts, {
            began: 'command.accepted',
            ended: 'command.settled',
            id: 'commandId',
            mayBeOpen: isKilled,
          }),
          ...openIn(facts, { began: 'call.started', ended: 'call.settled', id: 'callId', mayBeOpen: isKilled }),
        ]
      : []),
  ];
}

function bugsIn(facts: readonly ToldFact[]): readonly string[] {
  return facts.filter(({ type }) => type === 'actor.died').map((fact) => `an actor died of a bug: ${wordsOf(fact)}`);
}

function gapsIn(facts: readonly ToldFact[]): readonly string[] {
  return facts
    .filter(({ seq }, index) => index > 0 && seq !== (facts[index - 1]?.seq ?? 0) + 1)
    .map((fact) => `a fact does not follow the one before: ${wordsOf(fact)}`);
}

/** Each step of a server begins where the one before has led to. */
function leapsIn(facts: readonly ToldFact[]): readonly string[] {
  const at = new Map<string, string>();
  return facts.flatMap((fact) => {
    if (fact.type === 'server.added' || fact.type === 'server.removed') at.delete(fact.actor);
    if (fact.type !== 'server.transitioned') return [];
    const before = at.get(fact.actor);
    at.set(fact.actor, String(fact.to));
    return before === undefined || before === fact.from ? [] : [`it was in ${before}, and not there: ${wordsOf(fact)}`];
  });
}

/** Generations of a server only grow, and none is spawned before the one before has been closed. */
function overlapsIn(facts: readonly ToldFact[]): readonly string[] {
  const latest = new Map<string, { generation: number; pid: unknown; isOpen: boolean }>();
  return facts.flatMap((fact) => {
    const { type, actor, generation = 0, pid } = fact;
    const before = latest.get(actor);
    if (type === 'session.closed' && before?.generation === generation) before.isOpen = false;
    if (type !== 'process.spawned') return [];
    // An adopted session tells its news again.
    if (before?.generation === generation && before.pid === pid) return [];
    latest.set(actor, { generation, pid, isOpen: true });
    if (before === undefined) return [];
    return [
      ...(before.generation >= generation ? [`a generation did not grow: ${wordsOf(fact)}`] : []),
      ...(before.isOpen ? [`spawned while generation ${before.generation} was open: ${wordsOf(fact)}`] : []),
    ];
  });
}

interface Pair {
  readonly began: string;
  readonly ended: string;
  readonly id: string;
  readonly mayBeOpen: boolean;
}

/** What began is settled once, unless nobody was left to do so. */
function openIn(facts: readonly ToldFact[], { began, ended, id, mayBeOpen }: Pair): readonly string[] {
  const open = new Map<unknown, ToldFact>();
  const violations: string[] = [];
  const keyOf = (fact: ToldFact): string => `${fact.actor} ${fact[id]}`;
  for (const fact of facts) {
    if (fact.type === began) open.set(keyOf(fact), fact);
    else if (fact.type === ended && !open.delete(keyOf(fact)))
      violations.push(`settled twice, or from nowhere: ${wordsOf(fact)}`);
  }
  if (!mayBeOpen) for (const fact of open.values()) violations.push(`never settled: ${wordsOf(fact)}`);
  return violations;
}

/**
 * The generation of a group that was certainly on record when its owner was killed, or that was adopted, is not given
 * to another: of servers that were connected.
 */
export function reusedGenerations(before: Life, after: Life): readonly string[] {
  if (!before.leavesRecord && !adopts(after)) return [];
  const connected = new Map<string, number>();
  for (const { type, actor, generation = 0, to } of before.facts) {
    if (type === 'server.removed') connected.delete(actor);
    if (type !== 'server.transitioned') continue;
    if (String(to).startsWith('connected')) connected.set(actor, generation);
    else connected.delete(actor);
  }
  const spawned = before.facts.filter(({ type }) => type === 'process.spawned');
  const pids = new Map(spawned.map(({ actor, generation, pid }) => [`${actor} ${generation}`, pid]));
  return after.facts
    .filter(({ type, actor, generation = 0, pid }) => {
      if (type !== 'process.spawned' || generation > (connected.get(actor) ?? 0)) return false;
      return pids.get(`${actor} ${generation}`) !== pid;
    })
    .map((fact) => `a generation was given twice: ${wordsOf(fact)}`);
}

/** Whether the first client process that it was connected to was not one that it had started. */
function adopts({ facts }: Life): boolean {
  const first = facts.find(({ type, to }) => type === 'client.transitioned' && String(to).startsWith('connected'));
  return first?.from === 'starting.adopting';
}

function wordsOf(fact: ToldFact): string {
  return JSON.stringify(fact).slice(0, 300);
}
