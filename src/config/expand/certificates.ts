/** Checks files of PEM certificates. TLS silently ignores what it cannot read in one. */

import { X509Certificate } from 'node:crypto';

export interface CertificateMistake {
  readonly message: string;
  readonly hint: string | null;
}

/**
 * Text around certificates is allowed, as everywhere; one without an end runs to the next end, or to the end of the
 * file.
 */
const pattern = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----.*?(?:-----END (?:X509 |TRUSTED )?CERTIFICATE-----|$)/gs;

/** What is wrong with the text of the file `path`; null if it holds at least one certificate and all can be read. */
export function certificateMistake(path: string, text: string): CertificateMistake | null {
  const certificates = text.match(pattern) ?? [];
  if (certificates.length === 0)
    return { message: `the file ${path} holds no certificate`, hint: 'it must be PEM: -----BEGIN CERTIFICATE-----' };
  const damaged = certificates.findIndex((certificate) => !isReadable(certificate));
  return damaged === -1
    ? null
    : { message: `certificate ${damaged + 1} of the file ${path} cannot be read`, hint: null };
}

function isReadable(certificate: string): boolean {
  try {
    // Parsed only to see whether that works.
    return new X509Certificate(certificate).raw.length > 0;
  } catch {
    // The caller tells which one it is.
    return false;
  }
}
