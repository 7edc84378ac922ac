"""Lifecycle rules through boto3: set, read back, refused, and done by the program itself.

Called as boto3_lifecycle.py BUCKET; the endpoint and keys are in the environment.
"""

import datetime
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

bucket = sys.argv[1]
s3 = boto3.client(
    "s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"max_attempts": 0})
)


def put(rules):
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})


def refused(code, rules):
    try:
        put(rules)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error.response
        return
    raise AssertionError(f"{rules} was not refused with {code}")


s3.create_bucket(Bucket=bucket)
rules = [
    {
        "ID": "logs",
        "Status": "Enabled",
        "Filter": {"Prefix": "logs/"},
        "Expiration": {"Days": 30},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3, "NewerNoncurrentVersions": 2},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {
        "ID": "tagged",
        "Status": "Disabled",
        "Filter": {
            "And": {
                "Prefix": "a b/",
                "Tags": [{"Key": "k", "Value": "v"}],
                "ObjectSizeGreaterThan": 0,
                "ObjectSizeLessThan": 10,
            }
        },
        "Expiration": {"ExpiredObjectDeleteMarker": False, "Days": 3},
    },
    {"ID": "old", "Status": "Enabled", "Prefix": "old/", "Expiration": {"Days": 1}},
]
put(rules)
del rules[1]["Expiration"]["ExpiredObjectDeleteMarker"]
got = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
assert got == rules, got

refused("InvalidArgument", [{**rules[0], "Expiration": {"Days": 0}}])
refused("InvalidArgument", [rules[0], rules[0]])
refused("MalformedXML", [{**rules[0], "Expiration": {"Days": 1, "Date": datetime.datetime(2031, 1, 1)}}])
refused("MalformedXML", [{"ID": "a", "Status": "Enabled", "Expiration": {"Days": 1}}])
refused("InvalidRequest", [{"ID": "a", "Status": "Enabled", "Filter": {}}])
refused(
    "InvalidArgument",
    [{"ID": "a", "Status": "Enabled", "Filter": {}, "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}],
)

answer = s3.put_object(Bucket=bucket, Key="logs/1", Body=b"x")
assert 'rule-id="logs"' in answer["Expiration"], answer
assert s3.head_object(Bucket=bucket, Key="logs/1")["Expiration"] == answer["Expiration"]
upload = s3.create_multipart_upload(Bucket=bucket, Key="logs/2")
assert upload["AbortRuleId"] == "logs" and upload["AbortDate"] > datetime.datetime.now(datetime.timezone.utc), upload

# A date that has passed: the program deletes by itself, and only what the rule is for.
s3.put_object(Bucket=bucket, Key="keep", Body=b"x")
put([{"ID": "past", "Status": "Enabled", "Filter": {"Prefix": "logs/"}, "Expiration": {"Date": datetime.datetime(2020, 1, 1)}}])
deadline = time.monotonic() + 60
while True:
    keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    if keys == ["keep"]:
        break
    assert "keep" in keys and time.monotonic() < deadline, keys
    time.sleep(0.2)

s3.delete_bucket_lifecycle(Bucket=bucket)
try:
    s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    raise AssertionError("the rules are still there")
except ClientError as error:
    assert error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration", error.response
print("all good")
