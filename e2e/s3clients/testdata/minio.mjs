// Drives the MinIO client for JavaScript as its users do: node minio.mjs BUCKET
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Minio from "minio";

const bucket = process.argv[2];
const at = new URL(process.env.AWS_ENDPOINT_URL);
const client = new Minio.Client({
  endPoint: at.hostname, port: Number(at.port), useSSL: false, accessKey: process.env.AWS_ACCESS_KEY_ID, secretKey: process.env.AWS_SECRET_ACCESS_KEY,
});
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");
const read = async (stream) => {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
};
const list = async (stream) => {
  const all = [];
  for await (const o of stream) all.push(o);
  return all;
};
const refused = (code, promise) => assert.rejects(promise, (err) => (assert.equal(err.code, code), true));

assert.equal(await client.bucketExists(bucket), false);
await client.makeBucket(bucket, "us-east-1");
assert.equal(await client.bucketExists(bucket), true);
assert.ok((await client.listBuckets()).some((b) => b.name === bucket));

const key = "dir/ü +%&中/🌍.txt";
await client.putObject(bucket, key, "hello", undefined, { "Content-Type": "text/x-test", "X-Amz-Meta-Colour": "blue" });
const stat = await client.statObject(bucket, key);
assert.equal(stat.etag, md5("hello"));
assert.equal(stat.metaData.colour, "blue");
assert.equal((await read(await client.getPartialObject(bucket, key, 1, 3))).toString(), "ell");
await refused("NoSuchKey", client.getObject(bucket, "none"));

// A large file in parts, there and back.
const dir = await mkdtemp(join(tmpdir(), "minio-js"));
try {
  const large = randomBytes(70 << 20);
  await writeFile(join(dir, "large"), large);
  await client.fPutObject(bucket, "large", join(dir, "large"), {});
  await client.fGetObject(bucket, "large", join(dir, "back"));
  assert.equal(md5(await readFile(join(dir, "back"))), md5(large));
} finally {
  await rm(dir, { recursive: true });
}

await client.copyObject(bucket, "copy", `/${bucket}/${key}`, new Minio.CopyConditions());
assert.equal((await client.statObject(bucket, "copy")).etag, md5("hello"));
await client.setObjectTagging(bucket, "copy", { team: "web" });
assert.deepEqual((await client.getObjectTagging(bucket, "copy")).map((t) => [t.Key, t.Value]), [["team", "web"]]);
assert.deepEqual((await list(client.listObjectsV2(bucket, "", false))).map((o) => o.name ?? o.prefix).sort(), ["copy", "dir/", "large"]);

// Links and forms.
assert.equal(await (await fetch(await client.presignedGetObject(bucket, key, 60))).text(), "hello");
assert.equal((await fetch(await client.presignedPutObject(bucket, "by link", 60), { method: "PUT", body: "x" })).status, 200);
const policy = client.newPostPolicy();
policy.setBucket(bucket);
policy.setKey("by form");
policy.setExpires(new Date(Date.now() + 60_000));
policy.setContentLengthRange(1, 100);
const { postURL, formData } = await client.presignedPostPolicy(policy);
const form = new FormData();
for (const [name, value] of Object.entries(formData)) form.append(name, value);
form.append("file", new Blob(["from a form"]), "x.txt");
assert.equal((await fetch(postURL, { method: "POST", body: form })).status, 204);
assert.equal((await read(await client.getObject(bucket, "by form"))).toString(), "from a form");

// Versions, policy, lifecycle and the end.
await client.setBucketVersioning(bucket, { Status: "Enabled" });
await client.putObject(bucket, "v", "one");
await client.putObject(bucket, "v", "two");
await client.setBucketPolicy(bucket, JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { AWS: ["*"] }, Action: ["s3:GetObject"], Resource: [`arn:aws:s3:::${bucket}/by*`] }],
}));
const open = (name) => fetch(new URL(`/${bucket}/${encodeURIComponent(name)}`, at)).then((r) => r.status);
assert.equal(await open("by form"), 200);
assert.equal(await open("large"), 403);
await client.setBucketPolicy(bucket, "");
assert.equal(await open("by form"), 403);
await client.setBucketLifecycle(bucket, { Rule: [{ ID: "old", Status: "Enabled", Filter: { Prefix: "logs/" }, Expiration: { Days: 30 } }] });
assert.equal((await client.getBucketLifecycle(bucket)).Rule.ID, "old");
await refused("BucketNotEmpty", client.removeBucket(bucket));
for (const o of await list(client.listObjects(bucket, "", true, { IncludeVersion: true }))) await client.removeObject(bucket, o.name, { versionId: o.versionId });
await client.removeBucket(bucket);
console.log("all good");
