/** The forms in which a secret appears in text: as it is, escaped for JSON or a URL, or one of its lines. */

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
    for (const form of written) forms.add(form);
  }
  return forms;
}

/**
 * The secret; its lines, as stderr is read line by line; and what follows `Bearer`, as servers quote the token alone.
 */
function partsOf(secret: string): readonly string[] {
  const lines = secret.split(/\r\n|\r|\n/);
  const credential = authorizationValue.exec(secret.trim())?.[1];
  return [
    secret,
    ...(lines.length > 1 ? lines.map((line) => line.trim()) : []),
    ...(credential === undefined ? [] : [credential]),
  ];
}

/**
 * Like `encodeURIComponent`, but total: half a surrogate pair cannot be encoded and becomes the replacement character,
 * as `URL` does it.
 */
function toUrlEncoded(text: string): string {
  return encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'));
}
