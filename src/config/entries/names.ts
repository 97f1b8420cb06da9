/** Which names servers and groups can have. */

/**
 * Not printable, or able to change how the text around them is shown. The two joiners stay: several scripts cannot be
 * written without them.
 */
const unprintable = String.raw`\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb`;

/** `*` and `group:` stand for many servers, `.` and `..` for folders in a URL. */
export const serverNamePattern = new RegExp(
  String.raw`^(?!\*$)(?!\.\.?$)(?!group:)(?=.*\S)[^${unprintable}]{1,128}$`,
  'u',
);

/** A group's actor may have parts, `group:NAME/1`. */
export const groupNamePattern = new RegExp(serverNamePattern.source.replace('[^', '[^/'), 'u');

export const nameHint =
  'a name has at most 128 printable characters; it is not "*", "." or "..", and does not begin with "group:"';

/** What is wrong with the name of a server, and what to do about it; null: nothing. */
export function nameMistake(name: string): { readonly message: string; readonly hint: string } | null {
  if (!serverNamePattern.test(name)) return { message: faultIn(name), hint: nameHint };
  if (name === name.normalize('NFC')) return null;
  return {
    message: 'is a name with separate accents, which looks like another one',
    hint: 'type it again: letters with accents as one character (Unicode NFC)',
  };
}

const unprintablePattern = new RegExp(`[${unprintable}]`, 'u');
const mostCharacters = 128;

function faultIn(name: string): string {
  if (name.trim() === '') return 'is an empty name';
  if (unprintablePattern.test(name)) return 'is a name with a character that cannot be seen';
  const length = [...name].length;
  return length > mostCharacters ? `is a name with ${length} characters` : 'is not a name a server can have';
}

/**
 * Keys of `mcpServers` that are no servers: JSON has no comments, so people write `"_comment"`, and put `_` or `//`
 * before a name to switch it off. What every object has is nobody's comment.
 */
export const commentPattern = /^(?:_|\/\/)/;

export function isComment(key: string): boolean {
  return commentPattern.test(key) && !Object.hasOwn(Object.prototype, key);
}
