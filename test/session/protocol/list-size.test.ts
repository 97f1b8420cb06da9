import { describe, expect, it } from 'vitest';
import { createBudget } from '../../../src/session/budget.ts';
import { listKinds } from '../../../src/session/protocol/list-kinds.ts';
import { type ListReading, readList } from '../../../src/session/protocol/lists.ts';
import { plenty } from '../rooms.ts';

const mebibyte = 1024 * 1024;
const words = (length: number) => 'x'.repeat(length);

/** Reads the tools of a server, of which `page` gives one page after the other. */
async function readTools(page: (number: number) => object, limits = plenty) {
  const budget = createBudget(limits);
  let asked = 0;
  const ask = async () => {
    asked += 1;
    if (asked > 500) throw new Error('asked for ever');
    return { id: asked, ...page(asked) };
  };
  const [tools] = listKinds;
  if (tools === undefined) throw new Error('There is no kind of list.');
  const reading: ListReading = await readList(tools, ask, budget.open('a').hold());
  return { reading, asked, held: budget.uses[0]?.bytes ?? 0 };
}

describe('a list that goes on and on', () => {
  const tool = (number: number) => ({
    name: `tool-${number}`,
    description: words(mebibyte),
    inputSchema: { type: 'object' },
  });
  const tools = (number: number) => ({ result: { tools: [tool(number)], nextCursor: `${number}` } });

  it('is left at 16 MiB', async () => {
    const { reading, asked } = await readTools(tools);
    expect(reading.trouble).toMatchObject({ isPartial: true, mayPass: false });
    expect(reading.trouble?.reason).toContain('gives more than 16777216 bytes');
    expect(reading.items).toHaveLength(15);
    expect(asked).toBe(16);
  });

  it('is left where there is no more memory for it, and what was read of it counts', async () => {
    const { reading, held } = await readTools(tools, { each: 4 * mebibyte, all: 4 * mebibyte });
    expect(reading.trouble).toMatchObject({ isPartial: true, mayPass: true });
    expect(reading.trouble?.reason).toContain('more than there is memory for');
    expect(reading.items).toHaveLength(3);
    expect(held).toBeGreaterThan(3 * mebibyte);
    expect(held).toBeLessThan(4 * mebibyte);
  });

  it('is left at as many bytes, too, if its pages are empty and only their cursors are long', async () => {
    const empty = (number: number) => ({ result: { tools: [], nextCursor: `${words(mebibyte)}${number}` } });
    const { reading, asked } = await readTools(empty);
    expect(reading.trouble?.reason).toContain('gives more than 16777216 bytes');
    expect(asked).toBe(16);
    const scarce = await readTools(empty, { each: 4 * mebibyte, all: 4 * mebibyte });
    expect(scarce.reading.trouble?.reason).toContain('more than there is memory for');
    expect(scarce.asked).toBe(4);
  });
});

describe('what a server says instead of a list', () => {
  const longest = 20_000;

  it.each([
    ['an error', { error: { code: -32_000, message: words(mebibyte) } }],
    ['an error that is no object', { error: words(mebibyte) }],
  ])('is quoted up to a length: %s', async (_what, answer) => {
    const { reading } = await readTools(() => answer);
    expect(reading.trouble?.reason).toContain('xxx');
    expect(reading.trouble?.reason.length).toBeLessThan(longest);
  });

  it('is quoted up to a length: a cursor that comes twice, and a name that does', async () => {
    const name = words(mebibyte);
    const page = { result: { tools: [{ name, inputSchema: {} }], nextCursor: name } };
    const { reading } = await readTools(() => page);
    expect(reading.problems).toHaveLength(2);
    expect(JSON.stringify(reading.problems).length).toBeLessThan(longest);
  });

  it('is counted beyond a hundred items that are of no use', async () => {
    const { reading } = await readTools(() => ({ result: { tools: Array.from({ length: 5_000 }, () => 1) } }));
    expect(reading.problems).toHaveLength(101);
    expect(reading.problems.at(-1)?.message).toBe('And 4900 more items are of no use.');
  });
});
