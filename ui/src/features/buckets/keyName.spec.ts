import { expect, it } from "vitest";
import { keyNameFits, maxKeyName } from "./keyName";

it("takes what S3 calls keys", () => {
  for (const name of ["", "alias/team", "testkey-1", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "k".repeat(maxKeyName)])
    expect(keyNameFits(name), name).toBe(true);
});

it("refuses what a header or a document could not carry", () => {
  for (const name of ["two words", "schlüssel", "密钥", "a\nb", '"', "<k>", "k".repeat(maxKeyName + 1)]) expect(keyNameFits(name), name).toBe(false);
});
