/**
 * Completes package-lock.json with the binary packages of other platforms, which `npm install` may have left out
 * and without which `npm ci` refuses the lock elsewhere. See docs/decisions/0002-lock-file-for-every-platform.md.
 *
 *   node .ci/complete-lock.mjs [--check] [--lock FILE]
 *
 * `--check` changes nothing, names what is missing and exits 1 if anything is.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const libraries = new Map([
  ['gnu', 'glibc'],
  ['musl', 'musl'],
]);

/** Packages for one platform whose names do not say so. */
const platformOfName = new Map([['fsevents', { os: ['darwin'] }]]);

/**
 * What a name such as `@rolldown/binding-linux-x64-musl` says about its platform; null if it says nothing.
 * `siblings` are the other optional packages of the same asker.
 */
function platformOf(name, siblings) {
  const known = platformOfName.get(name);
  if (known !== undefined) return known;
  const parts = name.split(/[/-]/);
  const os = parts.find((part) => systems.includes(part));
  const cpu = parts.find((part) => processors.includes(part));
  if (cpu === undefined || (os === undefined && cpu !== 'wasm32')) return null;
  // A Linux package without a suffix means glibc only where a `-musl` one stands beside it; a static binary has no
  // such sibling.
  const suffix = os === 'linux' && siblings.includes(`${name}-musl`) ? 'gnu' : parts.at(-1);
  const libc = libraries.get(suffix);
  return { ...(os && { os: [os] }), cpu: [cpu], ...(libc && { libc: [libc] }) };
}

/** The entries that `lock` lacks, by their place in it, and the names nothing can be said about. Changes nothing. */
function missingEntries(lock) {
  const entries = new Map();
  const unknown = [];
  for (const [asker, { optionalDependencies = {}, dev }] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      if (placesOf(asker, name).some((place) => isEntryFor(lock.packages[place], range))) continue;
      const platform = platformOf(name, Object.keys(optionalDependencies));
      const version = versionOf(lock, asker, range);
      if (platform === null || version === null) {
        unknown.push(`${name}@${range} (asked for by ${asker || 'the project'})`);
        continue;
      }
      const top = `node_modules/${name}`;
      const place =
        lock.packages[top] === undefined && (entries.get(top)?.version ?? version) === version
          ? top
          : placesOf(asker, name)[0];
      const earlier = entries.get(place);
      entries.set(
        place,
        toEntry({ version, platform, dev: dev === true && (earlier === undefined || earlier.dev === true) }),
      );
    }
  }
  return { entries, unknown };
}

/** Where Node looks for `name` from `asker`, nearest first. */
function placesOf(asker, name) {
  const places = [];
  for (let folder = asker; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    places.push(folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`);
    if (folder === '') return places;
  }
}

function isEntryFor(entry, range) {
  return entry !== undefined && (!isExact(range) || entry.version === range);
}

function isExact(range) {
  return /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range);
}

/** The exact version asked for; for a range that of a sibling that has an entry, else the lowest the range allows. */
function versionOf(lock, asker, range) {
  if (isExact(range)) return range;
  for (const [name, siblingRange] of Object.entries(lock.packages[asker].optionalDependencies)) {
    const place = placesOf(asker, name).find((candidate) => lock.packages[candidate] !== undefined);
    if (siblingRange === range && place !== undefined) return lock.packages[place].version;
  }
  const lowest = range.replace(/^[~^]/, '');
  return isExact(lowest) ? lowest : null;
}

/** Keys in npm's order. */
function toEntry({ version, platform, dev }) {
  const { os, cpu, libc } = platform;
  return {
    version,
    ...(cpu && { cpu }),
    ...(dev && { dev }),
    ...(libc && { libc }),
    optional: true,
    ...(os && { os }),
  };
}

function main() {
  const { values } = parseArgs({
    options: { check: { type: 'boolean', default: false }, lock: { type: 'string', default: 'package-lock.json' } },
  });
  const lock = JSON.parse(readFileSync(values.lock, 'utf8'));
  const { entries, unknown } = missingEntries(lock);
  for (const what of unknown)
    console.error(
      `${values.lock}: no entry for ${what}; its name does not tell its platform: run npm install where it can be fetched`,
    );
  for (const place of entries.keys())
    console.error(`${values.lock}: ${values.check ? 'no entry for' : 'added'} ${place}`);
  if (entries.size > 0 && values.check) console.error('Run node .ci/complete-lock.mjs and commit the lock.');
  if (unknown.length > 0 || (entries.size > 0 && values.check)) process.exitCode = 1;
  if (entries.size === 0 || values.check) return;
  const packages = Object.entries({ ...lock.packages, ...Object.fromEntries(entries) }).sort(([a], [b]) =>
    a.localeCompare(b, 'en'),
  );
  writeFileSync(values.lock, `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`);
}

main();
