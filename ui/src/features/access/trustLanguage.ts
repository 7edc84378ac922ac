import type { PolicyLanguage } from "@/api/types";

const general = ["aws:SourceIp", "aws:SecureTransport", "aws:CurrentTime"];

/** trustLanguage is what conditions of a trust policy may ask for: the claims of the providers that a statement names, and what comes with the request. */
export function trustLanguage(language: PolicyLanguage, providers: string[]): PolicyLanguage {
  const text = (name: string) => ({ name, kind: "text" as const, tag: false });
  return {
    ...language,
    keys: [
      ...providers.flatMap((name) => [text(`${name}:aud`), text(`${name}:sub`)]),
      text("sts:RoleSessionName"),
      text("sts:ExternalId"),
      ...language.keys.filter((key) => general.includes(key.name)),
    ],
  };
}
