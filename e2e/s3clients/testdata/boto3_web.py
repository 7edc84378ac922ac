"""What web applications do with a bucket, through boto3: rules for pages of other
origins, uploads by a browser's form, tags.

Called as boto3_web.py BUCKET; the endpoint and keys are in the environment.
"""

import json
import os
import sys
import urllib.error
import urllib.request
import uuid

import boto3
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


def send(method, url, body=None, **headers):
    """Send a request as it is and return status, headers and body."""
    request = urllib.request.Request(url, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


def submit(form, content):
    """Send a form as a browser does."""
    boundary = uuid.uuid4().hex
    body = b""
    for name, value in form["fields"].items():
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
    body += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
    body += content + f"\r\n--{boundary}--\r\n".encode()
    return send("POST", form["url"], body, Content_Type=f"multipart/form-data; boundary={boundary}")


s3.create_bucket(Bucket=bucket)
endpoint = os.environ["AWS_ENDPOINT_URL"]

# Rules for pages of other origins.
refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)
rule = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["https://*.example.com"], "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}
s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [rule]
page = "https://app.example.com"
status, headers, _ = send("OPTIONS", f"{endpoint}/{bucket}/key", Origin=page, Access_Control_Request_Method="PUT", Access_Control_Request_Headers="content-type")
assert status == 200 and headers["Access-Control-Allow-Origin"] == page and headers["Access-Control-Allow-Headers"] == "content-type", headers
status, _, body = send("OPTIONS", f"{endpoint}/{bucket}/key", Origin="https://evil.test", Access_Control_Request_Method="PUT")
assert status == 403 and "<Code>AccessForbidden</Code>" in body, body
link = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"}, ExpiresIn=60)
status, headers, _ = send("PUT", link, b"x", Origin=page, Content_Type="")
assert status == 200 and headers["Access-Control-Allow-Origin"] == page and headers["Access-Control-Expose-Headers"] == "ETag", headers
s3.delete_bucket_cors(Bucket=bucket)
refused("NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=bucket)

# Uploads by a form.
form = s3.generate_presigned_post(
    bucket,
    "up/${filename}",
    Fields={"acl": "private", "Content-Type": "image/jpeg", "success_action_status": "201", "x-amz-meta-colour": "blue"},
    Conditions=[{"acl": "private"}, ["starts-with", "$Content-Type", "image/"], {"success_action_status": "201"}, {"x-amz-meta-colour": "blue"}, ["content-length-range", 1, 1000]],
)
status, _, body = submit(form, b"hello")
assert status == 201 and "<Key>up/photo.jpg</Key>" in body, body
got = s3.get_object(Bucket=bucket, Key="up/photo.jpg")
assert got["Body"].read() == b"hello" and got["ContentType"] == "image/jpeg" and got["Metadata"] == {"colour": "blue"}, got
status, _, body = submit(form, b"x" * 1001)
assert status == 400 and "<Code>EntityTooLarge</Code>" in body, body
form["fields"]["x-amz-meta-size"] = "large"
status, _, body = submit(form, b"hello")
assert status == 403 and "Extra input fields: x-amz-meta-size" in body, body
status, _, _ = submit(s3.generate_presigned_post(bucket, "plain"), b"hello")
assert status == 204

# Tags of the bucket.
refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)
tags = [{"Key": "team", "Value": "web & mobile"}, {"Key": "empty", "Value": ""}]
s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
s3.delete_bucket_tagging(Bucket=bucket)
refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=bucket)

# The bucket as a website. What is not public is not shown.
refused("NoSuchWebsiteConfiguration", s3.get_bucket_website, Bucket=bucket)
site = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "error.html"},
    "RoutingRules": [{"Condition": {"KeyPrefixEquals": "old/"}, "Redirect": {"ReplaceKeyPrefixWith": "new/", "HttpRedirectCode": "302"}}],
}
s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=site)
got = s3.get_bucket_website(Bucket=bucket)
assert {k: got[k] for k in site} == site, got
s3.put_object(Bucket=bucket, Key="index.html", Body=b"home", ContentType="text/html")
s3.put_object(Bucket=bucket, Key="moved", Body=b"", WebsiteRedirectLocation="/elsewhere")
assert s3.head_object(Bucket=bucket, Key="moved")["WebsiteRedirectLocation"] == "/elsewhere"
status, headers, body = send("GET", f"{endpoint}/", Host=f"{bucket}.web.test")
assert status == 403 and headers["x-amz-error-code"] == "AccessDenied" and "<html>" in body, body
status, headers, _ = send("GET", f"{endpoint}/none", Host="nothing.web.test")
assert status == 404 and headers["x-amz-error-code"] == "NoSuchBucket", headers
# With a policy that lets everybody read, and upload under one prefix, it is.
s3.put_object(Bucket=bucket, Key="error.html", Body=b"sorry", ContentType="text/html")
s3.put_object(Bucket=bucket, Key="docs/index.html", Body=b"docs", ContentType="text/html")
policy = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
        {"Effect": "Allow", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/inbox/*"},
    ],
}
s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def visit(path):
    status, headers, body = send("GET", f"{endpoint}{path}", Host=f"{bucket}.web.test")
    return status, headers.get("Location") or body


assert visit("/") == (200, "home"), visit("/")
assert visit("/docs/") == (200, "docs"), visit("/docs/")
assert visit("/none") == (404, "sorry"), visit("/none")
assert submit({"url": f"{endpoint}/{bucket}", "fields": {"key": "inbox/${filename}"}}, b"x")[0] == 204
assert submit({"url": f"{endpoint}/{bucket}", "fields": {"key": "elsewhere/${filename}"}}, b"x")[0] == 403
assert visit("/inbox/photo.jpg") == (200, "x")
s3.delete_bucket_policy(Bucket=bucket)
assert visit("/")[0] == 403
s3.delete_bucket_website(Bucket=bucket)
refused("NoSuchWebsiteConfiguration", s3.get_bucket_website, Bucket=bucket)

# Where requests are logged.
assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)
target = {"TargetBucket": bucket, "TargetPrefix": "logs/"}
s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"] == target
refused("InvalidTargetBucketForLogging", s3.put_bucket_logging, Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": "none-such", "TargetPrefix": ""}})
s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})
assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)

# Signature Version 2, which the server was told to take.
old = boto3.client("s3", config=Config(signature_version="s3", s3={"addressing_style": "path"}, retries={"max_attempts": 0}))
old.put_object(Bucket=bucket, Key="old one", Body=b"old", Metadata={"colour": "blue"})
assert old.get_object(Bucket=bucket, Key="old one")["Metadata"] == {"colour": "blue"}
assert "old one" in [o["Key"] for o in old.list_objects_v2(Bucket=bucket, Prefix="old")["Contents"]]
status, _, body = send("GET", old.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "old one"}, ExpiresIn=60))
assert status == 200 and body == "old", body
form = old.generate_presigned_post(bucket, "old form")
assert "AWSAccessKeyId" in form["fields"], form
status, _, body = submit(form, b"hello")
assert status == 204, body
print("all good")
