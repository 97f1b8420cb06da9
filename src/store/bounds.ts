/** How much a store keeps. */

/** Of a configuration; older ones are dropped. A version a minute for a week. */
export const defaultMaxVersions = 10_000;
