// Drives the AWS SDK for JavaScript v3 as its users do: node aws_sdk.mjs BUCKET
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import {
  S3Client, CreateBucketCommand, PutBucketVersioningCommand, PutObjectCommand, GetObjectCommand, HeadObjectCommand, CopyObjectCommand,
  DeleteObjectCommand, DeleteObjectsCommand, DeleteBucketCommand, ListObjectsV2Command, ListObjectVersionsCommand, PutObjectTaggingCommand,
  GetObjectTaggingCommand, PutBucketCorsCommand, GetBucketCorsCommand, paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";

const Bucket = process.argv[2];
const client = new S3Client({ endpoint: process.env.AWS_ENDPOINT_URL, region: "us-east-1", forcePathStyle: true });
const send = (command) => client.send(command);
const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");

async function fails(name, status, command) {
  await assert.rejects(send(command), (err) => {
    assert.equal(err.name, name);
    assert.equal(err.$metadata.httpStatusCode, status);
    return true;
  });
}

await send(new CreateBucketCommand({ Bucket }));
await fails("BucketAlreadyOwnedByYou", 409, new CreateBucketCommand({ Bucket }));

// Objects: text, bytes, a stream; metadata; every checksum that the SDK computes.
const key = "dir/ü +%&中/🌍.txt";
for (const ChecksumAlgorithm of [undefined, "CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
  if (ChecksumAlgorithm === "CRC64NVME" || ChecksumAlgorithm === "CRC32C") continue; // need packages of their own
  const Body = `hello ${ChecksumAlgorithm}`;
  const put = await send(new PutObjectCommand({ Bucket, Key: key, Body, ContentType: "text/x-test", Metadata: { colour: "blue" }, ChecksumAlgorithm }));
  assert.equal(put.ETag, `"${md5(Body)}"`);
  const got = await send(new GetObjectCommand({ Bucket, Key: key, ChecksumMode: "ENABLED" }));
  assert.equal(await got.Body.transformToString(), Body);
  assert.equal(got.ContentType, "text/x-test");
  assert.deepEqual(got.Metadata, { colour: "blue" });
}
const part = await send(new GetObjectCommand({ Bucket, Key: key, Range: "bytes=1-3" }));
assert.equal(await part.Body.transformToString(), "ell");
assert.equal(part.ContentRange.split("/")[0], "bytes 1-3");
await fails("NoSuchKey", 404, new GetObjectCommand({ Bucket, Key: "none" }));
await fails("PreconditionFailed", 412, new PutObjectCommand({ Bucket, Key: key, Body: "x", IfNoneMatch: "*" }));

// A large object in parts, from a stream.
const large = randomBytes(11 << 20);
const upload = new Upload({ client, params: { Bucket, Key: "large", Body: new Blob([large]).stream(), Metadata: { in: "parts" } }, partSize: 5 << 20, queueSize: 3 });
let told = 0;
upload.on("httpUploadProgress", (p) => (told = p.loaded));
await upload.done();
assert.equal(told, large.length);
const back = Buffer.from(await (await send(new GetObjectCommand({ Bucket, Key: "large" }))).Body.transformToByteArray());
assert.equal(md5(back), md5(large));
assert.equal((await send(new HeadObjectCommand({ Bucket, Key: "large", PartNumber: 2 }))).PartsCount, 3);

// Listings, copies, tags, versions.
await Promise.all(Array.from({ length: 25 }, (_, i) => send(new PutObjectCommand({ Bucket, Key: `many/${i}`, Body: "" }))));
const keys = [];
for await (const page of paginateListObjectsV2({ client, pageSize: 10 }, { Bucket, Prefix: "many/" })) keys.push(...page.Contents.map((o) => o.Key));
assert.equal(new Set(keys).size, 25);
const top = await send(new ListObjectsV2Command({ Bucket, Delimiter: "/" }));
assert.deepEqual(top.CommonPrefixes.map((p) => p.Prefix), ["dir/", "many/"]);
await send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: encodeURIComponent(`${Bucket}/${key}`), MetadataDirective: "REPLACE", Metadata: { colour: "red" } }));
assert.deepEqual((await send(new HeadObjectCommand({ Bucket, Key: "copy" }))).Metadata, { colour: "red" });
const TagSet = [{ Key: "team", Value: "größe" }];
await send(new PutObjectTaggingCommand({ Bucket, Key: "copy", Tagging: { TagSet } }));
assert.deepEqual((await send(new GetObjectTaggingCommand({ Bucket, Key: "copy" }))).TagSet, TagSet);
await send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: "Enabled" } }));
const one = await send(new PutObjectCommand({ Bucket, Key: "v", Body: "one" }));
await send(new PutObjectCommand({ Bucket, Key: "v", Body: "two" }));
const marker = await send(new DeleteObjectCommand({ Bucket, Key: "v" }));
assert.equal(marker.DeleteMarker, true);
await fails("NoSuchKey", 404, new GetObjectCommand({ Bucket, Key: "v" }));
const first = await send(new GetObjectCommand({ Bucket, Key: "v", VersionId: one.VersionId }));
assert.equal(await first.Body.transformToString(), "one");

// Links, and a rule for browsers.
const link = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: key }), { expiresIn: 60 });
assert.equal(await (await fetch(link)).text(), "hello SHA256");
const put = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: "by link" }), { expiresIn: 60 });
assert.equal((await fetch(put, { method: "PUT", body: "from a link" })).status, 200);
assert.equal((await fetch(put.replace(/Signature=./, (s) => `Signature=${s.endsWith("0") ? 1 : 0}`), { method: "PUT", body: "x" })).status, 403);
const CORSRules = [{ AllowedMethods: ["GET"], AllowedOrigins: ["https://app.example.com"] }];
await send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
assert.deepEqual((await send(new GetBucketCorsCommand({ Bucket }))).CORSRules, CORSRules);
assert.equal((await fetch(link, { headers: { Origin: "https://app.example.com" } })).headers.get("access-control-allow-origin"), "https://app.example.com");

// The end of everything.
await fails("BucketNotEmpty", 409, new DeleteBucketCommand({ Bucket }));
const all = await send(new ListObjectVersionsCommand({ Bucket }));
const Objects = [...all.Versions, ...(all.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({ Key, VersionId }));
const deleted = await send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
assert.equal(deleted.Errors, undefined);
assert.equal(deleted.Deleted.length, Objects.length);
await send(new DeleteBucketCommand({ Bucket }));
console.log("all good");
