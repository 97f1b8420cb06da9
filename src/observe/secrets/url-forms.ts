/** The forms that URLs, forms and Basic credentials give a secret. */

/** Of one text: as part of a host, a path, a query, a login; as a URL of its own; and as base64. */
export function urlFormsOf(text: string): readonly string[] {
  return [...partsOfUrl(text), ...asWhole(text), ...base64FormsOf(text)];
}

/** Every setter encodes as URLs do, and a path also resolves its dots. */
function partsOfUrl(text: string): readonly string[] {
  const url = new URL('http://host/');
  url.pathname = text;
  const path = url.pathname.slice(1);
  url.pathname = '/';
  url.search = text;
  const query = url.search.slice(1);
  url.search = '';
  url.username = text;
  const login = url.username;
  url.username = '';
  url.hash = text;
  const hash = url.hash.slice(1);
  const form = new URLSearchParams([['', text]]).toString().slice(1);
  // A host is in lower case, and not ASCII only before it is written.
  return [path, query, login, hash, form, ...(/^[\w.-]+$/.test(text) ? [text.toLowerCase()] : [])];
}

/** If it is a URL itself: as it is written afterwards, and what it logs in with. */
function asWhole(text: string): readonly string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return [];
  const { href, host, pathname, search, username, password } = new URL(text);
  const login = `${username}:${password}`;
  return [href, `${host}${pathname}${search}`, login, password, ...base64FormsOf(login), ...base64FormsOf(password)];
}

/**
 * Encoded alone, and anywhere in a longer text, as a password is after its user: three bytes become four characters, so
 * there are three ways to begin. What depends on the neighbours is left out.
 */
function base64FormsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((offset) => {
    const total = offset + bytes.length;
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const first = offset === 0 ? 0 : offset + 1;
    const form = encoded.slice(first, Math.floor((total * 8) / 6));
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
