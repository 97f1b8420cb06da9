/** What the client process and its chart go by, out of the configuration in force. */

import type { ClientProcessInput } from '../../../../machines/client-process/events.ts';
import type { Configuration } from '../../../config/configuration.ts';
import type { HolderSettings } from '../../../session/isolated/protocol.ts';

export function chartSettingsOf({ settings }: Configuration): ClientProcessInput {
  const { watchdogMs, baseMs, factor, capMs, maxConsecutive, stableAfterMs } = settings.clientProcess;
  const policy = { watchdogMs, baseMs, factor, capMs, maxConsecutive, stableAfterMs };
  return { policy, stopMs: settings.shutdownMs };
}

export function holderSettingsOf({ settings, servers }: Configuration): HolderSettings {
  const { watchdogMs, orphanGraceMs } = settings.clientProcess;
  return { watchdogMs, orphanGraceMs, stops: [...servers].map(([server, { stop }]) => [server, stop]) };
}
