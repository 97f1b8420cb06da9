/** What a check of `mcpvisor doctor` has found. */

export interface Finding {
  /** What was looked at: `node`, `port`, `server files`. */
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly message: string;
  /** What to do about it; null: nothing. */
  readonly advice: string | null;
}

export const ok = (check: string, message: string): Finding => ({ check, level: 'ok', message, advice: null });

export const warning = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'warning',
  message,
  advice,
});

export const problem = (check: string, message: string, advice: string): Finding => ({
  check,
  level: 'problem',
  message,
  advice,
});
