/** Times: of the day on a terminal, in full elsewhere. */

export function clockTimeOf(at: string, isTerminal: boolean): string {
  if (!isTerminal) return at;
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0'));
  return `${parts.join(':')}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}
