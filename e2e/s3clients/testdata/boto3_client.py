"""What a Python program does with a bucket, through boto3 and its defaults.

Called as boto3_client.py BUCKET; the endpoint and keys are in the environment.
"""

import io
import os
import sys
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

bucket = sys.argv[1]
s3 = boto3.client(
    "s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0})
)


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return
    raise AssertionError(f"{call} was not refused with {code}")


s3.create_bucket(Bucket=bucket)
refused("BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=bucket)
assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]

# Odd keys, metadata and every type of body.
for key in ["plain", "a b", "a+b", "100%", "per%20cent", "tilde~", "中文/文件", "dir//double", "../up", "trailing/", "q?x=1&y#z", "new\nline"]:
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode(), Metadata={"colour": "blue"}, ContentType="text/x")
    got = s3.get_object(Bucket=bucket, Key=key)
    assert got["Body"].read() == key.encode(), key
    assert got["Metadata"] == {"colour": "blue"} and got["ContentType"] == "text/x", got
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=key)
    assert key in [o["Key"] for o in listed["Contents"]], (key, listed)
    assert key in [o["Key"] for o in s3.list_objects(Bucket=bucket, Prefix=key)["Contents"]], key
    s3.delete_object(Bucket=bucket, Key=key)
assert "Contents" not in s3.list_objects_v2(Bucket=bucket)

# A body that cannot be read twice goes up with a trailer.
s3.put_object(Bucket=bucket, Key="stream", Body=io.BytesIO(b"stream" * 1000))
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    put = s3.put_object(Bucket=bucket, Key=algorithm, Body=io.BytesIO(b"sum"), ChecksumAlgorithm=algorithm)
    head = s3.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
    assert head["Checksum" + algorithm] == put["Checksum" + algorithm], head
refused("BadDigest", s3.put_object, Bucket=bucket, Key="bad", Body=b"sum", ChecksumCRC32="AAAAAA==")
refused("BadDigest", s3.put_object, Bucket=bucket, Key="bad", Body=b"sum", ContentMD5="XUFAKrxLKna5cZ2REBfFkg==")
refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="bad")

# Multipart, in threads, there and back.
data = os.urandom(21 * 1024 * 1024)
config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=4)
s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=config)
back = io.BytesIO()
s3.download_fileobj(bucket, "big", back, Config=config)
assert back.getvalue() == data
assert s3.get_object(Bucket=bucket, Key="big", Range="bytes=100-199")["Body"].read() == data[100:200]
s3.copy({"Bucket": bucket, "Key": "big"}, bucket, "big copy", Config=config)
assert s3.head_object(Bucket=bucket, Key="big copy")["ContentLength"] == len(data)

upload = s3.create_multipart_upload(Bucket=bucket, Key="aborted", ChecksumAlgorithm="SHA256")
s3.upload_part(Bucket=bucket, Key="aborted", UploadId=upload["UploadId"], PartNumber=1, Body=b"part", ChecksumAlgorithm="SHA256")
assert len(s3.list_parts(Bucket=bucket, Key="aborted", UploadId=upload["UploadId"])["Parts"]) == 1
assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["aborted"]
s3.abort_multipart_upload(Bucket=bucket, Key="aborted", UploadId=upload["UploadId"])
refused("NoSuchUpload", s3.list_parts, Bucket=bucket, Key="aborted", UploadId=upload["UploadId"])

# Conditions and links.
etag = s3.head_object(Bucket=bucket, Key="stream")["ETag"]
refused("304", s3.get_object, Bucket=bucket, Key="stream", IfNoneMatch=etag)
refused("PreconditionFailed", s3.get_object, Bucket=bucket, Key="stream", IfMatch='"x"')
if "IfNoneMatch" in s3.meta.service_model.operation_model("PutObject").input_shape.members:  # not in old ones
    refused("PreconditionFailed", s3.put_object, Bucket=bucket, Key="stream", Body=b"x", IfNoneMatch="*")
link = s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "stream", "ResponseContentType": "text/y"}, ExpiresIn=60)
with urllib.request.urlopen(link) as response:
    assert response.read() == b"stream" * 1000 and response.headers["Content-Type"] == "text/y"
link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "linked"}, ExpiresIn=60)
with urllib.request.urlopen(urllib.request.Request(link, b"linked", {"Content-Type": ""}, method="PUT")) as response:
    assert response.status == 200

# Pages, prefixes, and the resource interface.
for i in range(25):
    s3.put_object(Bucket=bucket, Key=f"pages/{i:02}/x", Body=b"")
pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="pages/", Delimiter="/", PaginationConfig={"PageSize": 7})
assert sum(len(p.get("CommonPrefixes", [])) for p in pages) == 25
old = s3.get_paginator("list_objects").paginate(Bucket=bucket, Prefix="pages/", PaginationConfig={"PageSize": 7})
assert sum(len(p.get("Contents", [])) for p in old) == 25

assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)
refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
refused("BucketNotEmpty", s3.delete_bucket, Bucket=bucket)

resource = boto3.resource("s3").Bucket(bucket)
resource.objects.all().delete()
s3.delete_bucket(Bucket=bucket)
refused("404", s3.head_bucket, Bucket=bucket)
print("all good")
