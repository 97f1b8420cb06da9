import { describe, expect, it } from 'vitest';
import { foreignWords } from '../../src/config/foreign/words.ts';
import { defaultsTable, notActedOn } from '../../src/config/settings/settings.ts';
import type { Setting } from '../../src/config/settings/table/setting.ts';
import { toldOnly } from '../../src/config/spelling.ts';
import { generatedPart, toCell } from '../support/markdown.ts';

const units = { milliseconds: 'ms', bytes: 'bytes', count: '', factor: '', 'per second': 'per second' } as const;

function isActedOn({ path }: Setting): boolean {
  return !notActedOn.some(
    (unused) => path === unused || path.startsWith(`${unused}.`) || path.startsWith(`${unused}[`),
  );
}

function rowOf({ path, default: value, unit, meaning }: Setting): string {
  const shown =
    typeof value === 'number' ? value.toLocaleString('en').replaceAll(',', ' ') : `\`${JSON.stringify(value)}\``;
  const cells = [
    `\`${path}\``,
    value === null ? '' : `${shown}${unit === null || units[unit] === '' ? '' : ` ${units[unit]}`}`,
    toCell(meaning),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function tableOf(title: string, settings: readonly Setting[]): string {
  return `\n**${title}**\n\n| setting | default | meaning |\n|---|---|---|\n${settings.map(rowOf).join('')}`;
}

function settingsPart(): string {
  const shown = defaultsTable.filter(isActedOn);
  const of = (scope: Setting['scope']) => shown.filter((setting) => setting.scope === scope);
  return [
    tableOf('In an entry of `mcpServers`', of('server')),
    tableOf('In an entry, or under `mcpvisor` as the default of all servers', of('both')),
    tableOf('Under `mcpvisor` only', of('global')),
    `\nKnown, checked and kept, but not acted on by this version: ${notActedOn.map((path) => `\`${path}\``).join(', ')}.\n\n`,
  ].join('');
}

describe('the page of settings', () => {
  it('are those of the code, with their defaults (BLESS=1 writes them)', () => {
    const fresh = settingsPart();
    expect(generatedPart('docs/reference/settings.md', 'settings', fresh)).toBe(fresh);
  });

  it("has other programs' words, with what becomes of them", () => {
    const acted = [...foreignWords].map(([word, { as }]) => `| \`${word}\` | taken for \`${as}\` |\n`);
    const told = Object.entries(toldOnly).map(([word, hint]) => `| \`${word}\` | a warning: ${toCell(hint)} |\n`);
    const fresh = `\n| word | here |\n|---|---|\n${acted.join('')}${told.join('')}\n`;
    expect(generatedPart('docs/reference/settings.md', 'foreign-words', fresh)).toBe(fresh);
  });
});
