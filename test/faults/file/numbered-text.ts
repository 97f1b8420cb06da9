/** Texts of a configuration that can be told apart, and of which no part is a whole one. */

const filling = Array.from({ length: 2000 }, () => 0);

export function numberedText(number: number): string {
  return `${JSON.stringify({ mcpServers: {}, begin: number, filling: filling.map(() => number), end: number }, null, 2)}\n`;
}
