import { expect, test } from "vitest";
import { emptyStatement, placeOf, reachOf, readForm, resourcesOf, trusting, writeForm, type Form } from "./document";
import { added, exampleOf, examples } from "./examples";

const formOf = (text: string): Form => {
  const read = readForm(text, "bucket");
  if ("reason" in read) throw new Error(JSON.stringify(read.reason));
  return read.form;
};
const reasonOf = (text: string) => {
  const read = readForm(text, "bucket");
  return "reason" in read ? `${read.reason.why} ${read.reason.what}` : "shown";
};
const one = (part: object) =>
  JSON.stringify({ Statement: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::b/*", ...part } });

test("what the form shows is written again with the same meaning", () => {
  const text = JSON.stringify({
    Version: "2012-10-17",
    Id: "mine",
    Statement: [
      {
        Sid: "a",
        Effect: "Deny",
        NotPrincipal: { AWS: ["ada", "arn:aws:iam::000000000000:role/backup"] },
        NotAction: ["s3:Get*", "s3:ListBucket"],
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/in/*"],
        Condition: {
          "ForAnyValue:StringLikeIfExists": { "s3:RequestObjectTagKeys": ["x", "y"] },
          NumericLessThan: { "s3:max-keys": 10, "s3:signatureAge": "5" },
          Null: { "s3:prefix": true },
        },
      },
      { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "s3:*", NotResource: "arn:aws:s3:::b/kept/*" },
    ],
  });
  const form = formOf(text);
  expect(JSON.parse(writeForm(form))).toEqual({
    Version: "2012-10-17",
    Id: "mine",
    Statement: [
      {
        Sid: "a",
        Effect: "Deny",
        NotPrincipal: { AWS: ["arn:aws:iam::000000000000:user/ada", "arn:aws:iam::000000000000:role/backup"] },
        NotAction: ["s3:Get*", "s3:ListBucket"],
        Resource: ["arn:aws:s3:::b", "arn:aws:s3:::b/in/*"],
        Condition: {
          "ForAnyValue:StringLikeIfExists": { "s3:RequestObjectTagKeys": ["x", "y"] },
          NumericLessThan: { "s3:max-keys": "10", "s3:signatureAge": "5" },
          Null: { "s3:prefix": "true" },
        },
      },
      { Effect: "Allow", Principal: { AWS: "000000000000" }, Action: "s3:*", NotResource: "arn:aws:s3:::b/kept/*" },
    ],
  });
  expect(formOf(writeForm(form))).toEqual(form);
});

test("what it cannot show is said, and never dropped", () => {
  expect(reasonOf("")).toBe("empty ");
  expect(reasonOf("{")).toMatch(/^json /);
  expect(reasonOf('{"Statement":[{"Effect":"Allow","Effect":"Deny"}]}')).toBe("twice Effect");
  expect(reasonOf('{"Statement":[{"Sid":"a\\"b: {","Effect":"Allow","Sid":"c"}]}')).toBe("twice Sid");
  expect(reasonOf(one({ Prinzipal: "*" }))).toBe("element Statement[0].Prinzipal");
  expect(reasonOf(one({ Principal: { AWS: ["*", "ada"] } }))).toBe("who Statement[0].Principal");
  expect(reasonOf(one({ Principal: { CanonicalUser: "ada" } }))).toBe("element Statement[0].Principal.CanonicalUser");
  expect(reasonOf(one({ NotAction: "s3:*" }))).toBe("shape Statement[0].NotAction");
  expect(reasonOf(one({ Effect: "allow" }))).toBe("shape Statement[0].Effect");
  expect(reasonOf(one({ Condition: { StringEquals: { "s3:prefix": {} } } }))).toBe("shape Statement[0].Condition.StringEquals.s3:prefix");
  expect(reasonOf(one({}))).toBe("shown");
  expect(reasonOf('{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}')).toBe("shape Statement[0].Principal");
  expect("form" in readForm('{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}', "identity")).toBe(true);
});

test("trust policies name users, roles and providers, and no resource", () => {
  const read = (text: string) => {
    const found = readForm(text, "trust");
    return "form" in found ? found.form : found.reason;
  };
  const text = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: ["arn:aws:iam::000000000000:user/ada"] }, Action: "sts:AssumeRole" },
      {
        Effect: "Allow",
        Principal: { Federated: "arn:aws:iam::000000000000:oidc-provider/id.example.com/team" },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { "id.example.com/team:aud": "croft" } },
      },
    ],
  });
  const form = read(text) as Form;
  expect(form.statements.map((one) => one.who)).toEqual([
    { kind: "named", names: ["ada"], not: false },
    { kind: "federated", names: ["id.example.com/team"], not: false },
  ]);
  expect(JSON.parse(writeForm(form))).toEqual(JSON.parse(text));
  const statement = { Effect: "Allow", Action: "sts:AssumeRole" };
  const whyNot = (more: object) => read(JSON.stringify({ Statement: { ...statement, ...more } }));
  expect(whyNot({ Principal: "*", Resource: "*" })).toEqual({ why: "element", what: "Statement[0].Resource" });
  expect(whyNot({})).toEqual({ why: "shape", what: "Statement[0].Principal" });
  expect(whyNot({ Principal: { AWS: "ada", Federated: "x" } })).toEqual({ why: "element", what: "Statement[0].Principal.AWS" });
  // A bucket's policy has no providers.
  expect(reasonOf(one({ Principal: { Federated: "x" } }))).toBe("element Statement[0].Principal.Federated");
});

test("whom a trust policy names decides how they assume the role", () => {
  const fresh = emptyStatement("trust", "");
  expect([fresh.actions, fresh.resources]).toEqual([["sts:AssumeRole"], []]);
  const provider = { kind: "federated" as const, names: ["id.example.com"], not: false };
  expect(trusting(fresh, provider).actions).toEqual(["sts:AssumeRoleWithWebIdentity"]);
  expect(trusting(trusting(fresh, provider), { kind: "users", names: [], not: false }).actions).toEqual(["sts:AssumeRole"]);
  expect(trusting({ ...fresh, actions: ["sts:*"] }, provider).actions).toEqual(["sts:*"]);
});

test("resources are the bucket, its keys, and others", () => {
  const resources = ["arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a b/*", "arn:aws:s3:::*"];
  const reach = reachOf(resources, "b");
  expect(reach).toEqual({ itself: true, keys: ["*", "a b/*"], others: ["arn:aws:s3:::*"] });
  expect(resourcesOf(reach, "b")).toEqual(resources);
});

test("problems have a place", () => {
  expect(placeOf("Statement[2].NotAction")).toEqual({ statement: 2, part: "Action", condition: "" });
  expect(placeOf("Statement[0].Condition.IpAddress.aws:SourceIp")).toEqual({
    statement: 0,
    part: "Condition",
    condition: "IpAddress.aws:SourceIp",
  });
  expect(placeOf("Version")).toBeUndefined();
});

test("examples can be shown, and join what is there", () => {
  for (const example of examples) {
    const form = { version: "2012-10-17", id: "", statements: exampleOf(example, "b", "ada") };
    expect(formOf(writeForm(form))).toEqual(form);
  }
  const twice = added(exampleOf("download", "b", "ada"), exampleOf("download", "b", "ada"));
  expect(twice.map((s) => s.sid)).toEqual(["PublicDownload", "PublicDownload2"]);
  expect(emptyStatement("identity", "").who).toBeUndefined();
});
