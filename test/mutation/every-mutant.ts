/** The ids of all mutants: of the charts, and of the decisions beside them. */

import { readFileSync } from 'node:fs';
import { clientProcessMachine } from '../../machines/client-process.machine.ts';
import { groupMachine } from '../../machines/group.machine.ts';
import { serverMachine } from '../../machines/server.machine.ts';
import { supervisorMachine } from '../../machines/supervisor.machine.ts';
import { mutantIdsOf } from './mutant.ts';
import { mutatedSources, mutateSource } from './sources.ts';

export function everyMutant(): readonly string[] {
  const read = (name: string) => readFileSync(new URL(`../../machines/${name}`, import.meta.url), 'utf8');
  return [
    ...[serverMachine, groupMachine, clientProcessMachine, supervisorMachine].flatMap((machine) =>
      mutantIdsOf(machine),
    ),
    ...mutatedSources.flatMap((name) => mutateSource(name, read(name)).ids),
  ];
}
