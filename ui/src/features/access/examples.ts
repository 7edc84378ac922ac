import { bucketARN, type Statement } from "./document";

/** Ready-made statements that policies of buckets are begun with. */
export const examples = ["download", "upload", "folder", "office", "tls"] as const;
export type Example = (typeof examples)[number];

/** exampleOf makes the statements of an example; user is whom it is about until another is chosen. */
export function exampleOf(example: Example, bucket: string, user: string): Statement[] {
  const [itself, objects] = [bucketARN(bucket), `${bucketARN(bucket)}/*`];
  const base = { notActions: false, notResources: false, conditions: [] };
  const everybody = { kind: "everybody" as const, names: [], not: false };
  const one = { kind: "named" as const, names: [user], not: false };
  switch (example) {
    case "download":
      return [{ ...base, sid: "PublicDownload", effect: "Allow", who: everybody, actions: ["s3:GetObject"], resources: [objects] }];
    case "upload":
      return [
        {
          ...base,
          sid: "UploadOnly",
          effect: "Allow",
          who: { kind: "users", names: [], not: false },
          actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
          resources: [objects],
        },
      ];
    case "folder":
      return [
        {
          ...base,
          sid: "FolderObjects",
          effect: "Allow",
          who: one,
          actions: ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"],
          resources: [`${itself}/${user}/*`],
        },
        {
          ...base,
          sid: "FolderListing",
          effect: "Allow",
          who: one,
          actions: ["s3:ListBucket"],
          resources: [itself],
          conditions: [{ operator: "StringLike", key: "s3:prefix", values: [`${user}/*`] }],
        },
      ];
    case "office":
      return [
        {
          ...base,
          sid: "OfficeOnly",
          effect: "Deny",
          who: everybody,
          actions: ["s3:*"],
          resources: [itself, objects],
          conditions: [{ operator: "NotIpAddress", key: "aws:SourceIp", values: ["192.0.2.0/24"] }],
        },
      ];
    case "tls":
      return [
        {
          ...base,
          sid: "EncryptedOnly",
          effect: "Deny",
          who: everybody,
          actions: ["s3:*"],
          resources: [itself, objects],
          conditions: [{ operator: "Bool", key: "aws:SecureTransport", values: ["false"] }],
        },
      ];
  }
}

/** added is a form's statements with more behind them, each with a Sid of its own. */
export function added(statements: Statement[], more: Statement[]): Statement[] {
  const taken = new Set(statements.map((s) => s.sid));
  return [
    ...statements,
    ...more.map((s) => {
      let sid = s.sid;
      for (let n = 2; taken.has(sid); n++) sid = `${s.sid}${n}`;
      return { ...s, sid };
    }),
  ];
}
