import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { problemsOf } from '../../src/http/openapi.ts';
import { createSupervisor, type Supervisor } from '../../src/index.ts';
import { commandTypes } from '../../src/supervisor/contract.ts';
import { endpointsOf } from '../http/checked.ts';
import { generatedPart, readDocument, rowsOf, sectionOf, toCell } from '../support/markdown.ts';

const page = 'docs/reference/api.md';

let supervisor: Supervisor;
let endpoints: readonly Endpoint[];

beforeAll(async () => {
  supervisor = await createSupervisor();
  endpoints = endpointsOf(supervisor);
});

afterAll(async () => {
  await supervisor.close();
});

const routeOf = ({ method, path }: Endpoint) => `${method} ${path}`;
const codes = (texts: readonly string[]) => texts.map((text) => `\`${toCell(text)}\``).join(', ');

/** Names of the fields, `?` behind those that may be left out. */
function fieldsOf(schema: z.ZodType | null): readonly string[] {
  if (schema === null) return [];
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return Object.keys(properties).map((name) => (required.includes(name) ? name : `${name}?`));
}

function requestRow(endpoint: Endpoint): string {
  const { query, body, answers } = endpoint;
  // What every route of its kind may answer is said once, above the table.
  const usual = new Set(problemsOf({ ...endpoint, problems: [] }));
  const problems = problemsOf(endpoint).filter((code) => !usual.has(code));
  const cells = [
    `\`${routeOf(endpoint)}\``,
    codes(fieldsOf(query)),
    codes(fieldsOf(body)),
    Object.keys(answers).join(', '),
    codes(problems),
  ];
  return `| ${cells.join(' | ')} |\n`;
}

describe('the page of the API', () => {
  it('lists the routes that are served, each with its scope, and no other', () => {
    const shown = rowsOf(sectionOf(readDocument(page), 'Routes'))
      .slice(1)
      .map(([route = '', scope = '']) => `${route.replaceAll('`', '')} ${scope}`);
    expect(shown.toSorted()).toEqual(endpoints.map((endpoint) => `${routeOf(endpoint)} ${endpoint.access}`).toSorted());
  });

  it('says what each route takes and answers (BLESS=1 writes it)', () => {
    const fresh = `\n| route | query | body | answers | problems |\n|---|---|---|---|---|\n${endpoints.map(requestRow).join('')}\n`;
    expect(generatedPart(page, 'requests', fresh)).toBe(fresh);
  });

  it('names every problem that all routes of a kind may answer', () => {
    const section = sectionOf(readDocument(page), 'Problems');
    const usual = endpoints.flatMap((endpoint) => problemsOf({ ...endpoint, problems: [] }));
    expect([...new Set(usual)].filter((code) => !section.includes(`\`${code}\``))).toEqual([]);
  });

  it('lists every command', () => {
    const shown = rowsOf(sectionOf(readDocument(page), 'Commands'))
      .slice(1)
      .map(([command = '']) => command.replaceAll('`', ''));
    expect(shown).toEqual([...commandTypes]);
  });
});
