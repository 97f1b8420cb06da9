/** Explains a TLS error by the code of the TLS layer, and says what to do about it. */

const untrusted =
  'its certificate is not trusted; if it should be, name the file of the authority that signed it, or of itself, in tls.ca';

const problems: ReadonlyMap<string, string> = new Map([
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['CERT_SIGNATURE_FAILURE', untrusted],
  ['CERT_UNTRUSTED', untrusted],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another name'],
  [
    'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    'it speaks no HTTP/1.1, probably HTTP/2 only, which this version does not',
  ],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS is spoken there; is it http://?'],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', 'no TLS is spoken there; is it http://?'],
]);

/** Null: the code is of something else. Any problem here occurred before the first byte of a request. */
export function tlsProblemOf(code: string | null): string | null {
  return code === null ? null : (problems.get(code) ?? null);
}
