/** The version of this package; a test keeps it the same as in package.json, which is not next to the built code. */
export const version = '0.1.0';
