"""What Python programs do with versions and what is kept with them, through boto3:
tags, encryption, locks.

Called as boto3_versions.py BUCKET; the endpoint and keys are in the environment.
"""

import base64
import datetime
import io
import os
import sys

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
        return error.response
    raise AssertionError(f"{call} was not refused with {code}")


def takes(operation, member):
    """Say whether this boto3 is new enough to know a parameter."""
    return member in s3.meta.service_model.operation_model(operation).input_shape.members


s3.create_bucket(Bucket=bucket)

# Versions.
s3.put_object(Bucket=bucket, Key="key", Body=b"before")
s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
ids = [s3.put_object(Bucket=bucket, Key="key", Body=body)["VersionId"] for body in (b"one", b"two")]
for version, want in [("null", b"before"), (ids[0], b"one"), (ids[1], b"two")]:
    got = s3.get_object(Bucket=bucket, Key="key", VersionId=version)
    assert got["Body"].read() == want and got["VersionId"] == version, got
copied = s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "key", "VersionId": ids[0]})
assert copied["CopySourceVersionId"] == ids[0] and copied["VersionId"]
assert s3.get_object(Bucket=bucket, Key="copy")["Body"].read() == b"one"
gone = s3.delete_object(Bucket=bucket, Key="key")
assert gone["DeleteMarker"] is True
missing = refused("NoSuchKey", s3.get_object, Bucket=bucket, Key="key")
assert missing["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true", missing
refused("MethodNotAllowed", s3.get_object, Bucket=bucket, Key="key", VersionId=gone["VersionId"])
refused("405", s3.head_object, Bucket=bucket, Key="key", VersionId=gone["VersionId"])
refused("NoSuchVersion", s3.get_object, Bucket=bucket, Key="other", VersionId=ids[0])
refused("InvalidArgument", s3.get_object, Bucket=bucket, Key="key", VersionId="nonsense")
pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="key", PaginationConfig={"PageSize": 2})
listed = [(v["VersionId"], v["IsLatest"]) for page in pages for v in page.get("DeleteMarkers", []) + page.get("Versions", [])]
assert listed == [(gone["VersionId"], True), (ids[1], False), (ids[0], False), ("null", False)], listed
for i in range(5):
    s3.put_object(Bucket=bucket, Key=f"folder {i}/x&y", Body=b"")
pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="folder ", Delimiter="/", PaginationConfig={"PageSize": 2})
assert [p["Prefix"] for page in pages for p in page.get("CommonPrefixes", [])] == [f"folder {i}/" for i in range(5)]
s3.delete_object(Bucket=bucket, Key="key", VersionId=gone["VersionId"])
assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"two"
config = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
data = os.urandom(11 << 20)
s3.upload_fileobj(io.BytesIO(data), bucket, "big", Config=config)
big = s3.head_object(Bucket=bucket, Key="big")["VersionId"]
s3.put_object(Bucket=bucket, Key="big", Body=b"small")
back = io.BytesIO()
s3.download_fileobj(bucket, "big", back, ExtraArgs={"VersionId": big}, Config=config)
assert back.getvalue() == data
attributes = s3.get_object_attributes(Bucket=bucket, Key="big", VersionId=big, ObjectAttributes=["ETag", "ObjectSize", "ObjectParts"])
assert attributes["ObjectSize"] == len(data) and attributes["ObjectParts"]["TotalPartsCount"] == 3, attributes
if takes("DeleteObject", "IfMatch"):
    refused("PreconditionFailed", s3.delete_object, Bucket=bucket, Key="copy", IfMatch='"other"')
    s3.delete_object(Bucket=bucket, Key="copy", IfMatch=copied["CopyObjectResult"]["ETag"])

# Tags.
s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="team=web&stage=a%20b")


def tags(key, **more):
    return {t["Key"]: t["Value"] for t in s3.get_object_tagging(Bucket=bucket, Key=key, **more)["TagSet"]}


assert tags("tagged") == {"team": "web", "stage": "a b"}
assert s3.get_object(Bucket=bucket, Key="tagged")["TagCount"] == 2
first = s3.head_object(Bucket=bucket, Key="tagged")["VersionId"]
s3.put_object(Bucket=bucket, Key="tagged", Body=b"y")
s3.put_object_tagging(Bucket=bucket, Key="tagged", Tagging={"TagSet": [{"Key": "größe", "Value": ""}]})
assert tags("tagged") == {"größe": ""} and tags("tagged", VersionId=first) == {"team": "web", "stage": "a b"}
source = {"Bucket": bucket, "Key": "tagged", "VersionId": first}
s3.copy_object(Bucket=bucket, Key="retagged", CopySource=source, TaggingDirective="REPLACE", Tagging="other=1")
s3.copy_object(Bucket=bucket, Key="copied", CopySource=source, MetadataDirective="REPLACE", Metadata={"colour": "blue"})
assert tags("retagged") == {"other": "1"} and tags("copied") == tags("tagged", VersionId=first)
s3.delete_object_tagging(Bucket=bucket, Key="tagged", VersionId=first)
assert tags("tagged", VersionId=first) == {}
eleven = {"TagSet": [{"Key": f"k{i}", "Value": "v"} for i in range(11)]}
refused("InvalidTag", s3.put_object_tagging, Bucket=bucket, Key="tagged", Tagging=eleven)

# Keys of the client, and Croft's.
mine = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
other = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": os.urandom(32)}
s3.put_object(Bucket=bucket, Key="secret", Body=b"secret", **mine)
assert s3.get_object(Bucket=bucket, Key="secret", **mine)["Body"].read() == b"secret"
assert s3.head_object(Bucket=bucket, Key="secret", **mine)["SSECustomerAlgorithm"] == "AES256"
refused("InvalidRequest", s3.get_object, Bucket=bucket, Key="secret")
refused("400", s3.head_object, Bucket=bucket, Key="secret")
refused("AccessDenied", s3.get_object, Bucket=bucket, Key="secret", **other)
s3.upload_fileobj(io.BytesIO(data), bucket, "big secret", ExtraArgs=mine, Config=config)
back = io.BytesIO()
s3.download_fileobj(bucket, "big secret", back, ExtraArgs=mine, Config=config)
assert back.getvalue() == data
from_mine = {"CopySource" + name: value for name, value in mine.items()}
s3.copy_object(Bucket=bucket, Key="secret", CopySource={"Bucket": bucket, "Key": "secret"}, **from_mine, **other)
assert s3.get_object(Bucket=bucket, Key="secret", **other)["Body"].read() == b"secret"

# Croft's key under a name.
team = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/team"}
def named(answer, key="alias/team"):
    assert (answer["ServerSideEncryption"], answer["SSEKMSKeyId"]) == ("aws:kms", key), answer
    return answer
context = base64.b64encode(b'{"tenant":"a"}').decode()
assert named(s3.put_object(Bucket=bucket, Key="named", Body=b"x", SSEKMSEncryptionContext=context, **team))["SSEKMSEncryptionContext"] == context
assert named(s3.get_object(Bucket=bucket, Key="named"))["Body"].read() == b"x"
named(s3.put_object(Bucket=bucket, Key="default", Body=b"x", ServerSideEncryption="aws:kms"), "arn:aws:kms:us-east-1:000000000000:alias/aws/s3")
s3.upload_fileobj(io.BytesIO(data), bucket, "big named", ExtraArgs=team, Config=config)
assert named(s3.get_object(Bucket=bucket, Key="big named"))["Body"].read() == data
refused("InvalidArgument", s3.put_object, Bucket=bucket, Key="bad", Body=b"x", SSEKMSKeyId="alias/team")
refused("InvalidArgument", s3.put_object, Bucket=bucket, Key="bad", Body=b"x", **{**team, **mine})
refused("NotImplemented", s3.put_object, Bucket=bucket, Key="bad", Body=b"x", ServerSideEncryption="aws:kms:dsse")
rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/team"}, "BucketKeyEnabled": True}]}
s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == rule
named(s3.put_object(Bucket=bucket, Key="by default", Body=b"x"))
s3.delete_bucket_encryption(Bucket=bucket)
refused("ServerSideEncryptionConfigurationNotFoundError", s3.get_bucket_encryption, Bucket=bucket)
rule = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=rule)
kept = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
assert kept["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", kept
assert s3.put_object(Bucket=bucket, Key="sealed", Body=b"x")["ServerSideEncryption"] == "AES256"
assert s3.get_object(Bucket=bucket, Key="sealed")["ServerSideEncryption"] == "AES256"
s3.delete_bucket_encryption(Bucket=bucket)

# Locks.
locked = bucket + "-locked"
s3.create_bucket(Bucket=locked, ObjectLockEnabledForBucket=True)
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
day = now + datetime.timedelta(days=1)
default = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}
s3.put_object_lock_configuration(Bucket=locked, ObjectLockConfiguration=default)
assert s3.get_object_lock_configuration(Bucket=locked)["ObjectLockConfiguration"] == default
governed = s3.put_object(Bucket=locked, Key="governed", Body=b"x")["VersionId"]
assert s3.head_object(Bucket=locked, Key="governed")["ObjectLockMode"] == "GOVERNANCE"
refused("AccessDenied", s3.delete_object, Bucket=locked, Key="governed", VersionId=governed)
s3.put_object_legal_hold(Bucket=locked, Key="governed", LegalHold={"Status": "ON"})
assert s3.get_object_legal_hold(Bucket=locked, Key="governed")["LegalHold"]["Status"] == "ON"
bypass = {"BypassGovernanceRetention": True}
refused("AccessDenied", s3.delete_object, Bucket=locked, Key="governed", VersionId=governed, **bypass)
s3.put_object_legal_hold(Bucket=locked, Key="governed", LegalHold={"Status": "OFF"})
several = {"Objects": [{"Key": "governed", "VersionId": governed}]}
errors = s3.delete_objects(Bucket=locked, Delete=several)["Errors"]
assert [e["Code"] for e in errors] == ["AccessDenied"], errors
assert s3.delete_objects(Bucket=locked, Delete=several, **bypass)["Deleted"][0]["VersionId"] == governed
kept = s3.put_object(Bucket=locked, Key="kept", Body=b"x", ObjectLockMode="COMPLIANCE", ObjectLockRetainUntilDate=day)["VersionId"]
assert s3.get_object_retention(Bucket=locked, Key="kept")["Retention"] == {"Mode": "COMPLIANCE", "RetainUntilDate": day}
for retention in [
    {"Mode": "COMPLIANCE", "RetainUntilDate": now + datetime.timedelta(hours=1)},
    {"Mode": "GOVERNANCE", "RetainUntilDate": day},
    {},
]:
    refused("AccessDenied", s3.put_object_retention, Bucket=locked, Key="kept", Retention=retention, **bypass)
refused("AccessDenied", s3.delete_object, Bucket=locked, Key="kept", VersionId=kept, **bypass)
longer = {"Mode": "COMPLIANCE", "RetainUntilDate": day + datetime.timedelta(days=1)}
s3.put_object_retention(Bucket=locked, Key="kept", Retention=longer)
refused("InvalidBucketState", s3.put_bucket_versioning, Bucket=locked, VersioningConfiguration={"Status": "Suspended"})
refused("InvalidRequest", s3.put_object_retention, Bucket=bucket, Key="sealed", Retention=longer)
refused("ObjectLockConfigurationNotFoundError", s3.get_object_lock_configuration, Bucket=bucket)
refused("BucketNotEmpty", s3.delete_bucket, Bucket=locked)

boto3.resource("s3").Bucket(bucket).object_versions.delete()
s3.delete_bucket(Bucket=bucket)
print("all good")
