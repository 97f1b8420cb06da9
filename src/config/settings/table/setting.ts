/** What the tables say of a setting. */

/**
 * `server`: in an entry of `mcpServers`. `both`: there, and directly under `mcpvisor` as a default for all servers.
 * `global`: under `mcpvisor` only.
 */
export type SettingScope = 'server' | 'both' | 'global';

export type SettingUnit = 'milliseconds' | 'bytes' | 'count' | 'factor' | 'per second';

export interface Setting {
  /** Dotted path below the entry or below `mcpvisor`. `NAME` stands for any name, `[]` for any element. */
  readonly path: string;
  readonly scope: SettingScope;
  /** Null: none. */
  readonly default: unknown;
  readonly unit: SettingUnit | null;
  readonly meaning: string;
}

export type SettingTable = Readonly<Record<string, Omit<Setting, 'path'>>>;
