import { describe, expect, it } from 'vitest';
import { factTypes } from '../../src/observe/log/level.ts';
import { fieldsOf, type Member, membersOf } from '../support/declarations.ts';
import { generatedPart, readDocument, rowsOf, sectionOf, toCell } from '../support/markdown.ts';

const page = 'docs/reference/library.md';
const options = 'src/supervisor/options.ts';
const contract = 'src/supervisor/contract.ts';
const statusContract = 'src/supervisor/contract/status.ts';
const fact = 'src/observe/facts/fact.ts';
const door = 'src/index.ts';

const code = (text: string) => `\`${toCell(text)}\``;

function optionRow({ name, comment }: Member): string {
  return `| ${code(name)} | ${toCell(comment)} |\n`;
}

function fieldRow({ name, type, comment }: Member): string {
  // What is written out would fill the cell; its fields have their names.
  const fields = fieldsOf(type);
  return `| ${code(name)} | ${code(fields.length > 0 ? `{ ${fields.join(', ')} }` : type.replace(/^readonly /, ''))} | ${toCell(comment)} |\n`;
}

/** Overloads with the same parameters are one row. */
function methodRows(members: readonly Member[]): string {
  const rows = new Map<string, Member[]>();
  for (const member of members) {
    const call = `${member.name}(${(member.parameters ?? []).join(', ')})`;
    const key = call.replaceAll('?', '');
    rows.set(key, [...(rows.get(key) ?? []), { ...member, name: call }]);
  }
  return [...rows.values()]
    .map((overloads) => {
      const returned = [...new Set(overloads.map(({ type }) => type.replace(/^readonly /, '')))].map(code).join(' or ');
      const comment = overloads
        .map((one) => one.comment)
        .filter((text) => text !== '')
        .join(' ');
      return `| ${code(overloads.at(-1)?.name ?? '')} | ${returned} | ${toCell(comment)} |\n`;
    })
    .join('');
}

describe('the page of the library', () => {
  it('has the options of `createSupervisor` (BLESS=1 writes them)', () => {
    const rows = membersOf(options, 'SupervisorOptions').map(optionRow).join('');
    const fresh = `\n| option | |\n|---|---|\n${rows}\n`;
    expect(generatedPart(page, 'options', fresh)).toBe(fresh);
  });

  it('has the methods of a supervisor (BLESS=1 writes them)', () => {
    const rows = methodRows([...membersOf(contract, 'Supervisor'), ...membersOf(door, 'Supervisor')]);
    const fresh = `\n| method | returns | |\n|---|---|---|\n${rows}\n`;
    expect(generatedPart(page, 'methods', fresh)).toBe(fresh);
  });

  it('has the fields of a server’s status (BLESS=1 writes them)', () => {
    const fresh = `\n| field | type | |\n|---|---|---|\n${membersOf(statusContract, 'ServerStatus').map(fieldRow).join('')}\n`;
    expect(generatedPart(page, 'status', fresh)).toBe(fresh);
  });

  it('has every type of fact with its fields, and no other', () => {
    const declared = membersOf(fact, 'FactFields').map(({ name, type }) => [name, fieldsOf(type).join(', ')]);
    expect(declared.map(([name]) => name)).toEqual([...factTypes]);
    const shown = rowsOf(sectionOf(readDocument(page), 'Facts'))
      .slice(1)
      .map(([name = '', fields = '']) => [name, fields].map((cell) => cell.replaceAll('`', '')));
    expect(shown).toEqual(declared);
  });
});
