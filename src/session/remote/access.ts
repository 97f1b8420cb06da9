/** Lets requests in where a host's OAuth provider can: a token for each, and one new authorization when it is refused. */

import { auth, type OAuthClientProvider, UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { OAuthError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Answer } from './http/answer/answer.ts';
import { RemoteError } from './http/error.ts';
import type { Requests } from './http/requests.ts';
import type { Ask } from './peer.ts';

export function createAccess(requests: Requests, provider: OAuthClientProvider, fetchFn: FetchLike): Ask {
  const serverUrl = requests.target.url;
  let asked: { readonly scope?: string; readonly resourceMetadataUrl?: URL } = {};

  async function authorize(refused: Answer): Promise<void> {
    asked = { ...asked, ...challengeIn(refused.header('www-authenticate') ?? '') };
    try {
      if ((await auth(provider, { serverUrl, fetchFn, ...asked })) === 'AUTHORIZED') return;
      throw notYet(refused);
    } catch (error) {
      throw error instanceof UnauthorizedError || error instanceof OAuthError ? notYet(refused, error) : error;
    }
  }

  return async (outgoing) => {
    const answer = await requests.ask(await withToken(provider, outgoing));
    const challenge = answer.header('www-authenticate') ?? '';
    const isChallenge = answer.status === 401 || (answer.status === 403 && challenge.includes('insufficient_scope'));
    if (!isChallenge) return answer;
    answer.drop();
    await authorize(answer);
    return requests.ask(await withToken(provider, outgoing));
  };
}

type Outgoing = Parameters<Ask>[0];

async function withToken(provider: OAuthClientProvider, outgoing: Outgoing): Promise<Outgoing> {
  const tokens = await provider.tokens();
  return tokens === undefined
    ? outgoing
    : { ...outgoing, headers: { ...outgoing.headers, authorization: `Bearer ${tokens.access_token}` } };
}

function notYet({ status }: Answer, cause?: unknown): RemoteError {
  return new RemoteError({ message: 'The server wants an authorization that is not there yet.', status }, { cause });
}

/** What a `Bearer` challenge asks for (RFC 6750, RFC 9728). */
function challengeIn(header: string): { readonly scope?: string; readonly resourceMetadataUrl?: URL } {
  const scope = fieldIn(header, 'scope');
  const metadata = fieldIn(header, 'resource_metadata');
  return {
    ...(scope !== null && { scope }),
    ...(metadata !== null && URL.canParse(metadata) && { resourceMetadataUrl: new URL(metadata) }),
  };
}

function fieldIn(header: string, name: string): string | null {
  const [, quoted, bare] = new RegExp(`\\b${name}=(?:"([^"]*)"|([^\\s,"]+))`).exec(header) ?? [];
  return quoted ?? bare ?? null;
}
