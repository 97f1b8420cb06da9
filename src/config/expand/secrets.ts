/** Which values are to be blanked wherever a server's words are shown. */

/** Shorter ones would blank half of every line. */
const shortestSecret = 8;

/**
 * `values` with their forms in URLs and their single lines; short ones and the state directory left out. Longest first,
 * so that a secret inside another leaves no rest.
 */
export function secretsOf(values: Iterable<string>, stateDir: string | null): readonly string[] {
  const forms = [...values]
    .filter((value) => value !== stateDir)
    .flatMap((value) => [value, ...inUrls(value), ...linesOf(value)]);
  const secrets = new Set(forms.filter((form) => form.length >= shortestSecret));
  return [...secrets].sort((one, other) => other.length - one.length);
}

/** A header's value, and what follows the scheme in `Bearer …` or `Basic …`. */
export function headerSecretsOf(value: string): readonly string[] {
  const credentials = /^[A-Za-z][A-Za-z0-9-]* +(\S.*)$/.exec(value)?.[1];
  return credentials === undefined ? [value] : [value, credentials];
}

/** Text that is not well-formed has no form in URLs. */
function inUrls(value: string): readonly string[] {
  return /\p{Surrogate}/u.test(value) ? [] : [encodeURIComponent(value)];
}

/** Logs are read line by line: a key of many lines would never be found as a whole. */
function linesOf(value: string): readonly string[] {
  return value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
}
