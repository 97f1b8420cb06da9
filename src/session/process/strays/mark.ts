/**
 * The mark that every process of a server inherits in its environment, whatever group or session it flees to:
 * `MCPVISOR_SERVER=<instance>:<server>:<generation>`, the server percent-encoded.
 */

export const markName = 'MCPVISOR_SERVER';

export interface Mark {
  /** The run of the owner of the processes: hexadecimal digits. */
  readonly instance: string;
  readonly server: string;
  readonly generation: number;
}

/** The value of the variable. Letters, digits and `. _ - % :` only: the guard's shell takes it apart. */
export function markOf(mark: Mark): string {
  return `${mark.instance}:${keyOf(mark)}`;
}

/** The part of a mark that tells apart what one instance started. */
export function keyOf({ server, generation }: Omit<Mark, 'instance'>): string {
  return `${encoded(server)}:${generation}`;
}

/** Null: it is no mark. */
export function parseMark(value: string): Mark | null {
  const { instance = '', server = '', generation = '' } = markPattern.exec(value)?.groups ?? {};
  const name = decoded(server);
  return name === null ? null : { instance, server: name, generation: Number(generation) };
}

const markPattern = /^(?<instance>[0-9a-f]+):(?<server>[A-Za-z0-9._%-]+):(?<generation>\d{1,15})$/;

function encoded(server: string): string {
  return [...Buffer.from(server)]
    .map((byte) => (plainBytes.has(byte) ? String.fromCharCode(byte) : hexOf(byte)))
    .join('');
}

const plainBytes: ReadonlySet<number> = new Set(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-'),
);

function hexOf(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function decoded(server: string): string | null {
  try {
    return server === '' ? null : decodeURIComponent(server);
  } catch {
    // A lone `%`: nothing that we wrote.
    return null;
  }
}
