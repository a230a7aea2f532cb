/** One host name, with a port or without. Two dots at the end, or a port that is none, make it none. */
const HOST = /^([^:]*[^:.])\.?(?::\d{0,5})?$/;

/**
 * A host as a request names it, in the form in which hosts are compared: without port, without the dot at the end of a
 * fully qualified name, in lower case. What is no host name stays what it is, so that it is no tenant's either.
 */
export function normalHost(host: string): string {
  const [, name = host] = HOST.exec(host) ?? [];
  // toLowerCase() would make a k of the Kelvin sign.
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
