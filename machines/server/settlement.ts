/** Commands and how they settle: each accepted one exactly once, as `done`, `superseded` or `rejected`. */

export type CommandKind = 'start' | 'stop' | 'restart' | 'retry' | 'reset';

export interface OpenCommand {
  readonly id: string;
  readonly kind: CommandKind;
}

export type Outcome = 'done' | 'superseded' | 'rejected';

export interface Acceptance {
  /** The commands that are open afterwards: they all want the same and settle together. */
  readonly open: readonly OpenCommand[];
  readonly superseded: readonly OpenCommand[];
}

/**
 * Adds a new command to the open ones. The latest wish wins: `start` and `retry` join commands that want the server up,
 * `stop` joins `stop`, `restart` joins a restart whose old session is still ending. In every other case the new command
 * supersedes the open ones. `reset` does not affect the others.
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
