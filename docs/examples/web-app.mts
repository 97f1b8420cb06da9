/**
 * A web app in Hono: the control API behind the app's own login, with roles, and servers that come and go at run time.
 *
 *   npm install mcpvisor hono @hono/node-server
 *   ADMIN_TOKEN=… READER_TOKEN=… npx tsx web-app.mts
 *
 * Then GET /mcpvisor/api/servers, POST /servers/notes with an entry as in `mcp.json`, DELETE /servers/notes.
 */

import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { createSupervisor, type ServerEntry, toProblem } from 'mcpvisor';
import { openUsers, type User } from './users.mts';

const { ADMIN_TOKEN = '', READER_TOKEN = '', PORT = '3000' } = process.env;
const userOf = openUsers({ ADMIN_TOKEN, READER_TOKEN });

const supervisor = await createSupervisor({ config: './mcp.json' });

type AppEnv = { Variables: { user: User } };
const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  const user = userOf(c.req.header('authorization'));
  if (user === null) return c.text('Who are you?', 401);
  c.set('user', user);
  return next();
});
// `read` sees, `operate` also starts, stops and calls, `admin` may do everything.
app.route('/mcpvisor', supervisor.httpApp<AppEnv>({ identity: (c) => c.get('user') }));

app.use('/servers/*', async (c, next) => (c.get('user').scope === 'admin' ? next() : c.text('Admins only.', 403)));
app.post('/servers/:name', async (c) => {
  // `add` checks the entry, whatever was sent.
  const plan = await supervisor.add(c.req.param('name'), await c.req.json<ServerEntry>());
  return c.json(plan, 201);
});
app.delete('/servers/:name', async (c) => c.json(await supervisor.remove(c.req.param('name'))));
app.onError((error, c) => {
  if (error instanceof SyntaxError) return c.text('The body is not JSON.', 400);
  const problem = toProblem(error);
  return Response.json(problem, { status: problem.status });
});

const listening = serve({ fetch: app.fetch, port: Number(PORT), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`http://127.0.0.1:${port}`),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    listening.close();
    // Never rejects.
    void supervisor.close();
  });
}
