/** What every route that edits the configuration takes and answers. */

import type { Context } from 'hono';
import * as z from 'zod';
import type { ErrorCode } from '../../errors.ts';
import type { Edited } from '../../supervisor/contract.ts';
import type { HeaderDescription, HttpEnvironment } from '../endpoint.ts';
import { replyText } from '../route.ts';
import { wholeNumber } from '../schemas/common.ts';
import { jsonHeaders } from '../status-text.ts';
import { tagOf } from '../versions.ts';

export const lockQuery = z.strictObject({
  version: wholeNumber(Number.MAX_SAFE_INTEGER, 'the number of a version').optional(),
});

export const ifMatch: HeaderDescription = {
  name: 'If-Match',
  description: 'The `ETag` of the configuration that the edit is made for; `*`: any. As `version` in the query',
  schema: z.string().max(1_024),
};

export const editProblems = [
  'CONFIG_INVALID',
  'CONFIG_READ_ONLY',
  'VERSION_CONFLICT',
  'STORE_UNAVAILABLE',
  'SHUTTING_DOWN',
] as const satisfies readonly ErrorCode[];

/** The answer to an edit, with the version as its `ETag`. */
export function replyEdited(c: Context<HttpEnvironment>, edited: Pick<Edited, 'version'>, status = 200): Response {
  const headers = { ...jsonHeaders, etag: tagOf(edited.version) };
  return replyText(c, { status, headers, body: JSON.stringify(edited) });
}
