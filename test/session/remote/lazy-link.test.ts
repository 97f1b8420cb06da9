/** A link whose code has not been loaded when its end is asked for. */

import { describe, expect, it } from 'vitest';
import { errorOf, open } from './heard.ts';
import { serve } from './web.ts';

describe('a remote link that is ended before it is open', () => {
  it('ends once, asks nothing of the server, and starts no more', async () => {
    const { origin, seen } = await serve((_, response) => response.end());
    const { link, ended, ends, news } = open(`${origin}/mcp`);
    const start = errorOf(link.transport.start());
    link.end('close');
    link.end('kill');
    expect(await ended).toBeNull();
    expect(await start).toBeInstanceOf(Error);
    expect(ends).toEqual([null]);
    expect(news).toEqual(['ended: asked for']);
    expect(seen).toEqual([]);
  });

  it('is closed by its transport, too, and takes no message', async () => {
    const { link, ended } = open('http://127.0.0.1:9/mcp');
    expect(await errorOf(link.transport.send({ jsonrpc: '2.0', method: 'ping', id: 1 }))).toBeInstanceOf(Error);
    await link.transport.close();
    expect(await ended).toBeNull();
  });

  it('is of the kind that is asked for', () => {
    expect(open('http://127.0.0.1:9/mcp', { transport: 'sse' }).link.kind).toBe('sse');
  });
});
