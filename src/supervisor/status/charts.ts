/** The charts that run, as data and as diagrams. */

import type { AnyStateMachine } from 'xstate';
import { toDefinition, toXstateConfig } from '../../../machines/chart/definition.ts';
import { toMermaid } from '../../../machines/chart/diagram.ts';
import { McpvisorError } from '../../errors.ts';
import type { Chart } from '../contract.ts';

export interface Charts {
  machines(): readonly Chart[];
  machine(id: string): Chart;
}

export function createCharts(machines: readonly AnyStateMachine[]): Charts {
  const toChart = (machine: AnyStateMachine): Chart => ({
    ...toDefinition(machine),
    mermaid: toMermaid(machine),
    xstate: toXstateConfig(machine),
  });
  return {
    machines: () => machines.map(toChart),
    machine(id) {
      const machine = machines.find((one) => one.id === id);
      if (machine === undefined) throw new McpvisorError('NOT_FOUND', { path: `machines/${id}` });
      return toChart(machine);
    },
  };
}
