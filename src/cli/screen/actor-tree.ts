/** The actors as a tree: each below the one that started it, with its state. */

import type * as z from 'zod';
import type { actor } from '../../http/schemas/actor.ts';
import type { Drawn } from './drawn.ts';
import { durationOf } from './server-table.ts';
import { type Column, toTable } from './table.ts';
import type { Terminal } from './terminal.ts';

export type ShownActor = z.output<typeof actor>;

interface Branch {
  readonly label: string;
  readonly actor: ShownActor;
}

export function toActorTree(actors: readonly ShownActor[], terminal: Terminal, nowMs: number): Drawn[] {
  const byId = new Map(actors.map((one) => [one.id, one]));
  const columns: readonly Column<Branch>[] = [
    { title: 'ACTOR', of: ({ label }) => label },
    {
      title: 'STATE',
      of: ({ actor: { state, substate } }) => [state, ...(substate === null ? [] : [substate])].join('.'),
    },
    {
      title: 'SINCE',
      of: ({ actor: { since } }) => (terminal.width === null ? since : `${durationOf(nowMs - Date.parse(since))} ago`),
    },
  ];
  const roots = actors.filter(({ parent }) => parent === null || !byId.has(parent));
  return toTable(
    columns,
    roots.flatMap((root) => branchesOf(root, byId, { here: '', below: '' })),
    terminal,
  );
}

interface Indent {
  readonly here: string;
  readonly below: string;
}

function branchesOf(
  one: ShownActor,
  byId: ReadonlyMap<string, ShownActor>,
  { here, below }: Indent,
): readonly Branch[] {
  const children = one.children.flatMap((id) => byId.get(id) ?? []);
  const inner = children.flatMap((child, index) => {
    const isLast = index === children.length - 1;
    return branchesOf(child, byId, {
      here: `${below}${isLast ? '└─ ' : '├─ '}`,
      below: `${below}${isLast ? '   ' : '│  '}`,
    });
  });
  return [{ label: `${here}${one.id}`, actor: one }, ...inner];
}
