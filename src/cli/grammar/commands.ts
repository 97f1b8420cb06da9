/**
 * Every command: its arguments, its options, its help, in the order of the help. Its code is loaded when it runs, so that
 * each starts quickly.
 */

import { addCompletion } from './completion.ts';
import { addCheck, addDoctor, addDown, addOpen, addPlan, addUp } from './control-plane.ts';
import { addAdd, addRemove, addRollback, addVersions } from './editing.ts';
import type { Registration } from './registration.ts';
import { addCall, addEnsure, addEvents, addLogs, addStatus, addTools, addVerbs } from './servers.ts';
import { addApprove, addSecret } from './trust.ts';

export function addCommands(registration: Registration): void {
  addUp(registration);
  addDown(registration);
  addStatus(registration);
  addVerbs(registration);
  addEnsure(registration);
  addTools(registration);
  addCall(registration);
  addLogs(registration);
  addEvents(registration);
  addAdd(registration);
  addRemove(registration);
  addApprove(registration);
  addSecret(registration);
  addPlan(registration);
  addVersions(registration);
  addRollback(registration);
  addCheck(registration);
  addDoctor(registration);
  addOpen(registration);
  addCompletion(registration);
}
