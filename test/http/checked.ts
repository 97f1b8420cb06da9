/** A client that holds every answer against what the API says of itself, and notes what was seen. */

import { expect } from 'vitest';
import { systemTimers } from '../../src/clock.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { AnswerDescription, Endpoint } from '../../src/http/endpoint.ts';
import { problemsOf } from '../../src/http/openapi.ts';
import { statusOf } from '../../src/http/problem.ts';
import { allRoutes } from '../../src/http/routes/all.ts';
import { problem } from '../../src/http/schemas/problem.ts';
import type { Supervisor } from '../../src/supervisor/contract.ts';
import type { Answer, Client } from '../support/doors/client.ts';

/** `callTool 200`, `callTool SERVER_NOT_FOUND`. */
export type Seen = Set<string>;

export function endpointsOf(supervisor: Supervisor): readonly Endpoint[] {
  const security = { security: [], securitySchemes: {} };
  const parts = {
    supervisor,
    security,
    now: Date.now,
    timers: systemTimers,
    metrics: null,
    heartbeatMs: 15_000,
    onError: () => {},
  };
  return allRoutes(parts, { mayRead: () => false }).map(({ endpoint }) => endpoint);
}

/** The same client; an answer that is not as documented fails the test that asked. */
export function createCheckedClient(client: Client, endpoints: readonly Endpoint[], seen: Seen = new Set()): Client {
  const send: Client['send'] = async (method, path, options) => {
    const answer = await client.send(method, path, options);
    const endpoint = endpointFor(endpoints, method, path);
    if (endpoint !== undefined) seen.add(`${endpoint.id} ${checkAnswer(endpoint, answer)}`);
    return answer;
  };
  return {
    get: (path, options) => send('GET', path, options),
    post: (path, body, options) => send('POST', path, { ...options, body }),
    send,
  };
}

function endpointFor(endpoints: readonly Endpoint[], method: string, path: string): Endpoint | undefined {
  const [wanted = ''] = path.split('?');
  return endpoints.find(
    (endpoint) =>
      endpoint.method === method &&
      new RegExp(`^${endpoint.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(wanted),
  );
}

/** What was answered: the code of a problem, or the status. */
export function checkAnswer(
  endpoint: Endpoint,
  { status, headers, json, text }: Pick<Answer, 'status' | 'headers' | 'json' | 'text'>,
): string {
  const where = `${endpoint.method} ${endpoint.path} → ${status} ${text.slice(0, 300)}`;
  if (headers['content-type']?.startsWith('application/problem+json') === true) {
    const { code } = problem.parse(json);
    expect(problemsOf(endpoint), where).toContain(code);
    expect(statusOf[code as ErrorCode], where).toBe(status);
    return code;
  }
  const described = endpoint.answers[status];
  expect(described, where).toBeDefined();
  const answers = (Array.isArray(described) ? described : [described]) as readonly AnswerDescription[];
  if (text === '' && answers.some(({ schema }) => schema === null)) return String(status);
  const fitting = answers.find(
    ({ schema, mediaType = 'application/json' }) =>
      schema !== null && headers['content-type']?.startsWith(mediaType) === true,
  );
  expect(fitting, `${where}: ${headers['content-type']}`).toBeDefined();
  if ((fitting?.mediaType ?? 'application/json') === 'application/json') {
    const parsed = fitting?.schema?.safeParse(json);
    expect(parsed?.error, where).toBeUndefined();
  }
  return String(status);
}
