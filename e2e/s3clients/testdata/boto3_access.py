"""Who may reach a bucket, by boto3: policies, ACLs, ownership, the public access block, no signature."""

import json
import sys
import urllib.request

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

bucket = sys.argv[1]
path = {"addressing_style": "path"}
s3 = boto3.client("s3", config=Config(s3=path))
nobody = boto3.client("s3", config=Config(s3=path, signature_version=UNSIGNED))


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got == code, f"{call.__name__}: {error}"
        return error
    raise AssertionError(f"{call.__name__}({arguments}) was not refused with {code}")


s3.create_bucket(Bucket=bucket)
s3.put_object(Bucket=bucket, Key="open/page", Body=b"<p>hello", ContentType="text/html")
s3.put_object(Bucket=bucket, Key="shut", Body=b"secret")

# A policy opens a folder to everybody, and lets everybody put into another.
refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=bucket)
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="open/page")
policy = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/open/*"},
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:PutObject"], "Resource": f"arn:aws:s3:::{bucket}/in/*",
         "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}},
    ],
}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
assert json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"]) == policy
assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"]["IsPublic"] is True
assert nobody.get_object(Bucket=bucket, Key="open/page", Range="bytes=3-")["Body"].read() == b"hello"
assert nobody.head_object(Bucket=bucket, Key="open/page")["ContentLength"] == 8
nobody.put_object(Bucket=bucket, Key="in/box", Body=b"from nobody")
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="in/box")
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="open/none")
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="shut")
refused("AccessDenied", nobody.list_objects_v2, Bucket=bucket)
refused("AccessDenied", nobody.delete_object, Bucket=bucket, Key="in/box")
refused("AccessDenied", nobody.list_buckets)
with urllib.request.urlopen(f"{s3.meta.endpoint_url}/{bucket}/open/page") as answer:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")

# What is wrong with a policy is said, and the old one stays.
policy["Statement"][0]["Action"] = "s3:GetObjekt"
error = refused("MalformedPolicy", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy))
assert "Statement[0].Action" in str(error), error
assert nobody.head_object(Bucket=bucket, Key="open/page")

# A policy denies the bucket's own administrator, who can still take it back.
deny = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]}}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(deny))
refused("AccessDenied", s3.get_object, Bucket=bucket, Key="shut")
refused("AccessDenied", s3.list_objects_v2, Bucket=bucket)
s3.delete_bucket_policy(Bucket=bucket)
assert s3.get_object(Bucket=bucket, Key="shut")["Body"].read() == b"secret"

# The public access block.
refused("NoSuchPublicAccessBlockConfiguration", s3.get_public_access_block, Bucket=bucket)
block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": True, "RestrictPublicBuckets": False}
s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)
assert s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"] == block
policy["Statement"][0]["Action"] = "s3:GetObject"
refused("AccessDenied", s3.put_bucket_policy, Bucket=bucket, Policy=json.dumps(policy))
s3.delete_public_access_block(Bucket=bucket)

# ACLs, where nobody chose an ownership, and once it forbids or asks for them.
refused("OwnershipControlsNotFoundError", s3.get_bucket_ownership_controls, Bucket=bucket)
s3.put_object_acl(Bucket=bucket, Key="shut", ACL="public-read")
assert nobody.get_object(Bucket=bucket, Key="shut")["Body"].read() == b"secret"
s3.put_object_acl(Bucket=bucket, Key="shut", ACL="private")
enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
refused("AccessControlListNotSupported", s3.put_object_acl, Bucket=bucket, Key="shut", ACL="public-read")
refused("AccessControlListNotSupported", s3.put_object, Bucket=bucket, Key="new", Body=b"", ACL="public-read")
s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
s3.put_object(Bucket=bucket, Key="new", Body=b"new", ACL="public-read")
assert nobody.get_object(Bucket=bucket, Key="new")["Body"].read() == b"new"
acl = s3.get_object_acl(Bucket=bucket, Key="new")
assert {g["Permission"] for g in acl["Grants"]} == {"FULL_CONTROL", "READ"}, acl
s3.put_object_acl(Bucket=bucket, Key="shut", AccessControlPolicy={"Owner": acl["Owner"], "Grants": acl["Grants"]})
assert nobody.get_object(Bucket=bucket, Key="shut")["Body"].read() == b"secret"
s3.put_object_acl(Bucket=bucket, Key="shut", ACL="private")
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="shut")
s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "new"})
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="copy")
s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
assert nobody.list_objects_v2(Bucket=bucket)["KeyCount"] == 5
refused("InvalidBucketAclWithObjectOwnership", s3.put_bucket_ownership_controls, Bucket=bucket, OwnershipControls=enforced)
s3.put_bucket_acl(Bucket=bucket, ACL="private")
s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)
refused("AccessDenied", nobody.get_object, Bucket=bucket, Key="new")

other = bucket + "-acl"
refused("InvalidBucketAclWithObjectOwnership", s3.create_bucket, Bucket=other, ACL="public-read", ObjectOwnership="BucketOwnerEnforced")
s3.create_bucket(Bucket=other, ACL="public-read", ObjectOwnership="BucketOwnerPreferred")
assert "Contents" not in nobody.list_objects_v2(Bucket=other)
s3.delete_bucket(Bucket=other)
for key in ["open/page", "shut", "in/box", "new", "copy"]:
    s3.delete_object(Bucket=bucket, Key=key)
s3.delete_bucket(Bucket=bucket)
print("all good")
