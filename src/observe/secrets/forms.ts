/** The forms in which a secret appears in text: as it is, escaped for JSON or a URL, as base64, or one of its lines. */

import { urlFormsOf } from './url-forms.ts';

/** Shorter values are not treated as secrets: blanking them would leave nothing readable. */
export const minSecretLength = 8;

const authorizationValue = /^(?:bearer|basic|token)\s+(\S+)$/i;

/** Every form of `secret` to look for, each at least `minSecretLength` long; none if the secret is shorter or blank. */
export function formsOf(secret: string): ReadonlySet<string> {
  const forms = new Set<string>();
  for (const text of partsOf(secret)) {
    if (text.length < minSecretLength || text.trim() === '') continue;
    const json = JSON.stringify(text).slice(1, -1);
    const url = toUrlEncoded(text);
    // Twice escaped: a JSON message quoted in a JSON log line.
    const written = [
      text,
      json,
      JSON.stringify(json).slice(1, -1),
      url,
      url.replaceAll('%20', '+'),
      url.replace(/%../g, (hex) => hex.toLowerCase()),
    ];
    for (const form of [...written, ...urlFormsOf(text)]) if (form.length >= minSecretLength) forms.add(form);
  }
  return forms;
}

/**
 * The secret; its lines, as stderr is read line by line; what follows `Bearer`, as servers quote the token alone; what
 * is in `Basic`: the login, and the password; and what it is once it is decoded.
 */
function partsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r\n|\r|\n/);
  const credential = authorizationValue.exec(secret.trim())?.[1];
  return [
    secret,
    ...(lines.length > 1 ? lines.map((line) => line.trim()) : []),
    ...(credential === undefined ? [] : [credential]),
    ...decodedFrom(secret),
    ...(credential !== undefined && /^basic\s/i.test(secret.trim()) ? loginIn(credential) : []),
  ];
}

/** A value that was encoded for a URL is decoded by who gets it. */
function decodedFrom(secret: string): readonly string[] {
  if (!/%[0-9a-f]{2}/i.test(secret)) return [];
  try {
    return [decodeURIComponent(secret)];
  } catch {
    // It only looks encoded.
    return [];
  }
}

function loginIn(credential: string): readonly string[] {
  const login = Buffer.from(credential, 'base64').toString();
  return [login, login.slice(login.indexOf(':') + 1)];
}

/**
 * Like `encodeURIComponent`, but total: half a surrogate pair cannot be encoded and becomes the replacement character,
 * as `URL` does it.
 */
function toUrlEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
