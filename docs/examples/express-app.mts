/**
 * The same web app in Express.
 *
 *   npm install mcpvisor express @hono/node-server
 *   ADMIN_TOKEN=… READER_TOKEN=… npx tsx express-app.mts
 */

import { getRequestListener, type HttpBindings } from '@hono/node-server';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { createSupervisor, toProblem } from 'mcpvisor';
import { openUsers } from './users.mts';

const { ADMIN_TOKEN = '', READER_TOKEN = '', PORT = '3000' } = process.env;
const userOf = openUsers({ ADMIN_TOKEN, READER_TOKEN });

const supervisor = await createSupervisor({ config: './mcp.json' });
const app = express();

const loggedIn: RequestHandler = (request, response, next) => {
  if (userOf(request.headers.authorization) === null) response.status(401).send('Who are you?');
  else next();
};
const adminsOnly: RequestHandler<{ name: string }> = (request, response, next) => {
  if (userOf(request.headers.authorization)?.scope !== 'admin') response.status(403).send('Admins only.');
  else next();
};
const onError: ErrorRequestHandler = (error, _request, response, _next) => {
  if (error instanceof SyntaxError) {
    response.status(400).send('The body is not JSON.');
    return;
  }
  const problem = toProblem(error);
  response.status(problem.status).json(problem);
};

app.use(loggedIn);
// Before express.json(), which would read the bodies; and with `basePath`, because Express cuts it off the address.
const api = supervisor.httpApp<{ Bindings: HttpBindings }>({
  basePath: '/mcpvisor',
  identity: (c) => userOf(c.env.incoming.headers.authorization) ?? { name: 'nobody', scope: 'read' },
});
app.use('/mcpvisor', getRequestListener(api.fetch));

app.use(express.json());
app.post('/servers/:name', adminsOnly, async (request, response) => {
  const { name } = request.params;
  // `add` checks the entry, whatever was sent.
  response.status(201).json(await supervisor.add(name, request.body));
});
app.delete('/servers/:name', adminsOnly, async (request, response) => {
  const { name } = request.params;
  response.json(await supervisor.remove(name));
});
app.use(onError);

const listening = app.listen(Number(PORT), '127.0.0.1', () => {
  const address = listening.address();
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}`);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    listening.close();
    // Never rejects.
    void supervisor.close();
  });
}
