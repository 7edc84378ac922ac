import { emptyStatement, writeForm } from "@/features/access/document";

/** emptyTrust is what the trust policy of a new role begins with: it names nobody yet. */
export const emptyTrust = () =>
  writeForm({ version: "2012-10-17", id: "", statements: [emptyStatement("trust", "")] });
