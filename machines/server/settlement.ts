/** Commands and how they settle: every accepted one exactly once, as `done`, `superseded` or `rejected`. */

export type CommandKind = 'start' | 'stop' | 'restart' | 'retry' | 'reset';

export interface OpenCommand {
  readonly id: string;
  readonly kind: CommandKind;
}

export type Outcome = 'done' | 'superseded' | 'rejected';

export interface Acceptance {
  /** The commands that are open afterwards: they all wish for the same and settle together. */
  readonly open: readonly OpenCommand[];
  readonly superseded: readonly OpenCommand[];
}

/**
 * Takes a new command among the open ones. The latest wish wins: `start` and `retry` join whatever wishes the server
 * up, `stop` joins `stop`, `restart` joins a restart whose old session is still ending; of any other pair the older
 * is superseded. `reset` stands beside them all.
 */
export function accept(open: readonly OpenCommand[], command: OpenCommand, oldSessionEnding: boolean): Acceptance {
  if (command.kind === 'reset') return { open, superseded: [] };
  return joins(open, command, oldSessionEnding)
    ? { open: [...open, command], superseded: [] }
    : { open: [command], superseded: open };
}

function joins(open: readonly OpenCommand[], command: OpenCommand, oldSessionEnding: boolean): boolean {
  const stopping = open.some(({ kind }) => kind === 'stop');
  switch (command.kind) {
    case 'stop':
      return open.every(({ kind }) => kind === 'stop');
    case 'restart':
      return !stopping && oldSessionEnding && open.some(({ kind }) => kind === 'restart');
    default:
      return !stopping;
  }
}
