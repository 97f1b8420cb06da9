/**
 * Time that passes only when told: timers fire in due order, each at its own instant, so that a periodic timer fires as
 * often as it would.
 */

export interface VirtualClock {
  readonly setTimeout: (act: () => void, delayMs: number) => number;
  readonly clearTimeout: (id: number) => void;
  /** Milliseconds since the beginning. */
  readonly now: () => number;
  /** Lets time pass, with everything that is due by then. */
  readonly advance: (ms: number) => void;
  /** When the next timer is due; null: none is armed. */
  readonly nextDueAt: () => number | null;
  readonly armed: () => number;
}

interface Timer {
  readonly id: number;
  readonly dueAt: number;
  readonly act: () => void;
}

export function createVirtualClock(startAt = 0): VirtualClock {
  let nowMs = startAt;
  let lastId = 0;
  const heap: Timer[] = [];
  const living = new Set<number>();

  /** The heap's first living timer; cancelled ones are dropped when they come to the top. */
  function first(): Timer | undefined {
    while (heap[0] !== undefined && !living.has(heap[0].id)) pop(heap);
    return heap[0];
  }

  return {
    setTimeout: (act, delayMs) => {
      lastId += 1;
      living.add(lastId);
      push(heap, { id: lastId, dueAt: nowMs + Math.max(0, delayMs), act });
      return lastId;
    },
    clearTimeout: (id) => {
      living.delete(id);
    },
    now: () => nowMs,
    advance: (ms) => {
      const until = nowMs + ms;
      for (let timer = first(); timer !== undefined && timer.dueAt <= until; timer = first()) {
        pop(heap);
        living.delete(timer.id);
        nowMs = timer.dueAt;
        timer.act();
      }
      nowMs = until;
    },
    nextDueAt: () => first()?.dueAt ?? null,
    armed: () => living.size,
  };
}

/** Timers due at the same instant fire in the order in which they were armed. */
function isBefore(one: Timer, other: Timer): boolean {
  return one.dueAt < other.dueAt || (one.dueAt === other.dueAt && one.id < other.id);
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  heap.push(timer);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || isBefore(parent, timer)) break;
    heap[index] = parent;
    heap[above] = timer;
    index = above;
  }
}

function pop(heap: Timer[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let index = 0;
  heap[0] = last;
  for (;;) {
    const left = heap[2 * index + 1];
    const right = heap[2 * index + 2];
    const child = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1;
    const smaller = heap[child];
    if (smaller === undefined || isBefore(last, smaller)) return;
    heap[index] = smaller;
    heap[child] = last;
    index = child;
  }
}
