/**
 * The manifest of a server's chart, last part: commands, plans, and what it reports. `server.machine.ts` is the chart.
 */

import { assign, enqueueActions } from 'xstate';
import { sendById } from '../holding/address.ts';
import {
  acceptCommand,
  refuseCommand,
  rejectAtRest,
  rejectBlocked,
  type Settlement,
  settleCommands,
} from './commands.ts';
import type { CommandEvent, Moment, ServerReport, StandingPhase } from './events.ts';
import { forgetFailures } from './life.ts';
import { type Configuration, configure, nextAfterConfigure } from './plan.ts';
import { reportGone, reportLost, reportStanding } from './reports.ts';
import { serverStart } from './start-actions.ts';

export const serverSetup = serverStart.extend({
  guards: {
    turnsOff: (_, { wanted }: Configuration) => wanted === 'down',
    /** A session goes on with the specification it has while another one waits for approval. */
    isChanged: (_, { changed, policy }: Configuration) => changed && policy.approval === null,
    changes: (_, { changed, wanted }: Configuration) => changed || wanted === 'up',
  },
  actions: {
    setNextByPlan: assign(({ context }, configuration: Configuration) => ({
      next: nextAfterConfigure(context, configuration),
    })),
    rejectBlocked: enqueueActions((args) => rejectBlocked(args)),
    rejectAtRest: enqueueActions((args) => rejectAtRest(args)),
    want: enqueueActions((args, { wanted }: { wanted: 'up' | 'down' }) => {
      const { name, holder, wanted: before } = args.context;
      if (wanted === before) return;
      args.enqueue.assign({ wanted });
      if (holder !== null) sendById(args, holder, { type: 'server.kept', server: name, wanted } satisfies ServerReport);
    }),
    forgetFailures: assign(({ context }) => forgetFailures(context)),
    configure: assign(({ context }, configuration: Configuration) => configure(context, configuration)),
    remove: assign({ removing: true, autostart: false, called: false }),
    shutDown: assign({ shuttingDown: true, autostart: false, called: false }),
    accept: enqueueActions((args, command: CommandEvent & { ending: boolean }) => acceptCommand(args, command)),
    refuse: enqueueActions((args, command: CommandEvent) => refuseCommand(args, command)),
    settle: enqueueActions((args, settlement: Settlement) => settleCommands(args, settlement)),
    enterPhase: enqueueActions((args, { phase }: { phase: StandingPhase }) => {
      if (args.context.phase !== phase) args.enqueue.assign({ phase });
      reportStanding(args, { ...args.context, phase });
    }),
    report: enqueueActions((args) => reportStanding(args, args.context)),
    reportLost: enqueueActions((args, moment: Moment) => reportLost(args, moment)),
    reportGone: enqueueActions((args) => reportGone(args)),
  },
});
