/** How a server is ended that is perhaps no longer in the configuration. */

import type { StopSettings } from '../../specification.ts';
import type { Configuration } from '../configuration.ts';
import { sharedSettingsOf } from '../settings/server.ts';

export function stopSettingsOf({ servers, globals }: Configuration, server: string): StopSettings {
  return servers.get(server)?.stop ?? sharedSettingsOf({}, globals, false).stop;
}
