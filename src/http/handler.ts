/** The app as a handler of Node's requests; a request too broken for the app gets a problem document, too. */

import type { RequestListener } from 'node:http';
import { getRequestListener, RequestError } from '@hono/node-server';
import type { Hono } from 'hono';
import { McpvisorError } from '../errors.ts';
import type { HttpAppOptions } from './app.ts';
import type { HttpEnvironment } from './endpoint.ts';
import { toProblemResponse } from './problem.ts';

export function createRequestHandler(
  app: Hono<HttpEnvironment>,
  { onError, now, basePath = '' }: Pick<HttpAppOptions, 'onError' | 'now' | 'basePath'>,
): RequestListener {
  const handle = getRequestListener(app.fetch, {
    errorHandler(error) {
      if (error instanceof RequestError) {
        return toProblemResponse(invalid(error), now(), basePath);
      }
      onError(error);
      return toProblemResponse(error, now(), basePath);
    },
  });
  // Every error is answered in there, so there is nothing to await.
  return (request, response) => void handle(request, response);
}

function invalid(cause: RequestError): McpvisorError {
  return new McpvisorError(
    'INVALID_REQUEST',
    { problems: [{ path: '', message: cause.message, hint: null, severity: 'error' }] },
    { cause },
  );
}
