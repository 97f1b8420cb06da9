/** Who may log in, and what each may do: a stand-in for the login of your app. */

import type { Scope } from 'mcpvisor';

export interface User {
  readonly name: string;
  readonly scope: Scope;
}

/** Tells the user by the request's `Authorization` header; null: nobody that we know. */
export function openUsers(tokens: { readonly ADMIN_TOKEN: string; readonly READER_TOKEN: string }) {
  const users = new Map<string, User>([
    [`Bearer ${tokens.ADMIN_TOKEN}`, { name: 'ann', scope: 'admin' }],
    [`Bearer ${tokens.READER_TOKEN}`, { name: 'ben', scope: 'read' }],
  ]);
  users.delete('Bearer ');
  return (authorization: string | undefined): User | null => users.get(authorization ?? '') ?? null;
}
