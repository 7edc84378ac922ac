/** defaultKeyName is what S3 calls the named key that goes without saying. */
export const defaultKeyName = "alias/aws/s3";

/** maxKeyName is how many characters the name of a key has at most. */
export const maxKeyName = 512;

/** keyNameFits reports whether a key can be called so; the empty name is the one that goes without saying. */
export function keyNameFits(name: string): boolean {
  return name.length <= maxKeyName && /^[-A-Za-z0-9_.:/@+=,]*$/.test(name);
}
