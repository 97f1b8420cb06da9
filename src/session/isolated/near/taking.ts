/** Takes a client process: hands it what it goes by, and learns which of its sessions go on. */

import type { ProcessRecord } from '../../process/record.ts';
import {
  type Beat,
  beatNews,
  type HeldSession,
  type HolderSettings,
  type Trouble,
  takeOrder,
  troubleNews,
} from '../protocol.ts';
import type { Found } from './find.ts';
import type { NearEnd } from './near-end.ts';

export interface TakingParts {
  readonly clientInfo: { readonly name: string; readonly version: string };
  readonly near: Pick<NearEnd, 'keepOf' | 'noteGenerations'>;
  /** What the client process goes by, now. */
  readonly settings: () => HolderSettings;
  readonly onTrouble: (trouble: Trouble) => void;
  readonly onReaped: (record: ProcessRecord) => void;
}

/**
 * Resolves with the sessions that are kept. `onBeat` is called with every beat, also before that. Rejects if it could
 * not be found out what an earlier run left behind, or if the connection is lost.
 */
export async function takeProcess(
  { connection, welcome }: Found,
  { clientInfo, near, settings, onTrouble, onReaped }: TakingParts,
  onBeat: (beat: Beat) => void,
): Promise<readonly HeldSession[]> {
  connection.onNotification(beatNews, onBeat);
  connection.onNotification(troubleNews, (trouble) => {
    if (trouble.of === 'reaped') onReaped(trouble.record);
    else onTrouble(trouble);
  });
  const keep = near.keepOf(welcome.sessions);
  const { generations, problem } = await connection.sendRequest(takeOrder, { ...settings(), clientInfo, keep });
  if (problem !== null) throw new Error(`what an earlier run left behind could not be ended: ${problem}`);
  near.noteGenerations(generations);
  const kept = new Set(keep);
  return welcome.sessions.filter(({ id }) => kept.has(id));
}
