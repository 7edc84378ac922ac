"""IAM and STS as boto3 speaks them, against a real Croft whose key is an administrator's."""

import json
import os
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ACCOUNT = "000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"


def client(service, credentials=None):
    keys = {}
    if credentials:
        keys = {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials.get("SecretAccessKey"),
            "aws_session_token": credentials.get("SessionToken"),
        }
    return boto3.client(service, endpoint_url=ENDPOINT, region_name="us-east-1",
                        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, signature_version="s3v4" if service == "s3" else None), **keys)


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ClientError as error:
        got = error.response["Error"]["Code"]
        assert got == code, f"{got}, want {code}: {error}"
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call} was not refused with {code}")


def statement(effect, action, resource, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


iam, sts, s3 = client("iam"), client("sts"), client("s3")
bucket = sys.argv[1]
s3.create_bucket(Bucket=bucket)
s3.put_object(Bucket=bucket, Key="team/a", Body=b"a")
s3.put_object(Bucket=bucket, Key="other/a", Body=b"a")
objects = f"arn:aws:s3:::{bucket}/team/*"

# Users and keys.
user = iam.create_user(UserName="ada")["User"]
assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/ada" and user["Path"] == "/", user
refused("EntityAlreadyExists", iam.create_user, UserName="ada")
refused("NoSuchEntity", iam.get_user, UserName="eve")
assert iam.get_user(UserName="ada")["User"]["UserId"] == user["UserId"]
key = iam.create_access_key(UserName="ada")["AccessKey"]
mine = client("s3", key)
assert client("sts", key).get_caller_identity()["Arn"] == user["Arn"]
refused("AccessDenied", client("iam", key).list_users)
refused("AccessDenied", client("iam", key).get_user, UserName=os.environ["AWS_ACCESS_KEY_ID"])
assert client("iam", key).get_user()["User"]["UserName"] == "ada"
refused("AccessDenied", mine.get_object, Bucket=bucket, Key="team/a")

# Policies: inline, managed with versions, of a group.
iam.put_user_policy(UserName="ada", PolicyName="home", PolicyDocument=document(statement("Allow", "s3:GetObject", objects)))
assert mine.get_object(Bucket=bucket, Key="team/a")["Body"].read() == b"a"
refused("AccessDenied", mine.get_object, Bucket=bucket, Key="other/a")
assert iam.get_user_policy(UserName="ada", PolicyName="home")["PolicyDocument"]["Statement"][0]["Resource"] == objects
assert iam.list_user_policies(UserName="ada")["PolicyNames"] == ["home"]
message = refused("MalformedPolicyDocument", iam.put_user_policy, UserName="ada", PolicyName="x", PolicyDocument=document(statement("Allow", "s3:GetObjekt", objects)))
assert "GetObjekt" in message, message
iam.delete_user_policy(UserName="ada", PolicyName="home")
refused("AccessDenied", mine.get_object, Bucket=bucket, Key="team/a")

policy = iam.create_policy(PolicyName="team", PolicyDocument=document(statement("Allow", ["s3:GetObject", "s3:PutObject"], objects)))["Policy"]
group = iam.create_group(GroupName="makers")["Group"]
iam.attach_group_policy(GroupName="makers", PolicyArn=policy["Arn"])
iam.add_user_to_group(GroupName="makers", UserName="ada")
assert [u["UserName"] for u in iam.get_group(GroupName="makers")["Users"]] == ["ada"]
assert [g["GroupName"] for g in iam.list_groups_for_user(UserName="ada")["Groups"]] == ["makers"]
mine.put_object(Bucket=bucket, Key="team/b", Body=b"b")
version = iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=document(statement("Allow", "s3:GetObject", objects)), SetAsDefault=True)["PolicyVersion"]
assert version["VersionId"] == "v2" and version["IsDefaultVersion"]
refused("AccessDenied", mine.put_object, Bucket=bucket, Key="team/b", Body=b"b")
iam.set_default_policy_version(PolicyArn=policy["Arn"], VersionId="v1")
mine.put_object(Bucket=bucket, Key="team/b", Body=b"b")
assert iam.get_policy_version(PolicyArn=policy["Arn"], VersionId="v2")["PolicyVersion"]["Document"]["Statement"][0]["Action"] == "s3:GetObject"
refused("DeleteConflict", iam.delete_policy_version, PolicyArn=policy["Arn"], VersionId="v1")
refused("DeleteConflict", iam.delete_policy, PolicyArn=policy["Arn"])
assert iam.list_entities_for_policy(PolicyArn=policy["Arn"])["PolicyGroups"][0]["GroupName"] == "makers"
assert "readwrite" in [p["PolicyName"] for p in iam.list_policies(Scope="AWS")["Policies"]]
assert [p["PolicyName"] for p in iam.list_policies(Scope="Local")["Policies"]] == ["team"]
assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["AttachmentCount"] == 1

# Pages.
for i in range(5):
    iam.create_group(GroupName=f"page{i}")
pages = list(iam.get_paginator("list_groups").paginate(PaginationConfig={"PageSize": 2}))
assert len(pages) == 3 and [g["GroupName"] for p in pages for g in p["Groups"]] == ["makers"] + [f"page{i}" for i in range(5)], pages

# Deny is final, for the administrator too, who takes it back.
root = os.environ["AWS_ACCESS_KEY_ID"]
iam.put_user_policy(UserName=root, PolicyName="no", PolicyDocument=document(statement("Deny", "*", "*")))
assert "denies" in refused("AccessDenied", s3.get_object, Bucket=bucket, Key="team/a")
iam.delete_user_policy(UserName=root, PolicyName="no")
s3.get_object(Bucket=bucket, Key="team/a")

# Simulation says what decides.
results = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=["s3:GetObject", "s3:DeleteObject"], ResourceArns=[objects])["EvaluationResults"]
assert [r["EvalDecision"] for r in results] == ["allowed", "implicitDeny"], results
assert results[0]["MatchedStatements"][0]["SourcePolicyId"] == "policy/team", results
custom = iam.simulate_custom_policy(PolicyInputList=[document(statement("Deny", "s3:*", "*"))], ActionNames=["s3:GetObject"])["EvaluationResults"]
assert custom[0]["EvalDecision"] == "explicitDeny"

# Roles.
trust = {"Effect": "Allow", "Principal": {"AWS": user["Arn"]}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}
role = iam.create_role(RoleName="backup", AssumeRolePolicyDocument=document(trust))["Role"]
iam.attach_role_policy(RoleName="backup", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
assert iam.get_role(RoleName="backup")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Action"] == "sts:AssumeRole"
own_sts = client("sts", key)
refused("AccessDenied", own_sts.assume_role, RoleArn=role["Arn"], RoleSessionName="night")
refused("AccessDenied", own_sts.assume_role, RoleArn=ROLE + "none", RoleSessionName="night")
assumed = own_sts.assume_role(RoleArn=role["Arn"], RoleSessionName="night", ExternalId="42", DurationSeconds=900)
assert assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/backup/night"
session = client("s3", assumed["Credentials"])
assert session.get_object(Bucket=bucket, Key="other/a")["Body"].read() == b"a"
refused("AccessDenied", session.put_object, Bucket=bucket, Key="team/b", Body=b"b")
assert client("sts", assumed["Credentials"]).get_caller_identity()["Arn"].endswith("assumed-role/backup/night")
refused("ValidationError", own_sts.assume_role, RoleArn=role["Arn"], RoleSessionName="night", ExternalId="42", DurationSeconds=7200)

# A link and a form of a session.
import urllib.request

link = session.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "team/a"})
assert urllib.request.urlopen(link).read() == b"a"

# The way AWS revokes sessions: denying those from before a time.
iam.put_role_policy(RoleName="backup", PolicyName="AWSRevokeOlderSessions", PolicyDocument=document(
    statement("Deny", "*", "*", Condition={"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}})))
refused("AccessDenied", session.get_object, Bucket=bucket, Key="team/a")
iam.delete_role_policy(RoleName="backup", PolicyName="AWSRevokeOlderSessions")
session.get_object(Bucket=bucket, Key="team/a")
refused("DeleteConflict", iam.delete_role, RoleName="backup")
iam.detach_role_policy(RoleName="backup", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")
iam.delete_role(RoleName="backup")
refused("InvalidToken", session.get_object, Bucket=bucket, Key="team/a")

# Tokens of a user's own, whole and narrowed.
token = sts.get_session_token(DurationSeconds=900)["Credentials"]
client("s3", token).put_object(Bucket=bucket, Key="token", Body=b"x")
federated = sts.get_federation_token(Name="guest", Policy=document(statement("Allow", "s3:GetObject", objects)))
guest = client("s3", federated["Credentials"])
guest.get_object(Bucket=bucket, Key="team/a")
refused("AccessDenied", guest.get_object, Bucket=bucket, Key="other/a")
refused("AccessDenied", client("iam", federated["Credentials"]).list_users)
refused("InvalidToken", client("s3", {**token, "SessionToken": federated["Credentials"]["SessionToken"]}).list_buckets)
refused("InvalidAccessKeyId", client("s3", {**token, "SessionToken": None}).list_buckets)

# The end of a key, and of everything that was made with it.
last = client("sts", key).get_session_token()["Credentials"]
iam.update_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"], Status="Inactive")
refused("InvalidAccessKeyId", mine.list_buckets)
refused("InvalidToken", client("s3", last).list_buckets)
assert iam.list_access_keys(UserName="ada")["AccessKeyMetadata"][0]["Status"] == "Inactive"
assert iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["UserName"] == "ada"
refused("DeleteConflict", iam.delete_user, UserName="ada")
iam.delete_access_key(UserName="ada", AccessKeyId=key["AccessKeyId"])
refused("InvalidClientTokenId", client("sts", key).get_caller_identity)
iam.remove_user_from_group(GroupName="makers", UserName="ada")
iam.delete_user(UserName="ada")
refused("NoSuchEntity", iam.get_user, UserName="ada")
refused("DeleteConflict", iam.delete_user, UserName=root)
iam.detach_group_policy(GroupName="makers", PolicyArn=policy["Arn"])
iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId="v2")
iam.delete_policy(PolicyArn=policy["Arn"])
iam.delete_group(GroupName="makers")
assert iam.get_account_summary()["SummaryMap"]["Users"] == 1
print("all good")
