"""S3 Select through boto3, which reads the event stream and checks its sums.

Called as boto3_select.py BUCKET REPORTBUCKET REPORT, where REPORT is a Parquet file
with the columns key and size; the endpoint and keys are in the environment.
"""

import gzip
import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

bucket, report_bucket, report = sys.argv[1:4]
s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}))


def select(bucket, key, statement, given, asked, **more):
    """Return the records, and the names of the events in their order."""
    answer = s3.select_object_content(
        Bucket=bucket,
        Key=key,
        ExpressionType="SQL",
        Expression=statement,
        InputSerialization=given,
        OutputSerialization=asked,
        **more,
    )
    records, events, stats = b"", [], None
    for event in answer["Payload"]:
        events += event
        records += event.get("Records", {}).get("Payload", b"")
        stats = event.get("Stats", {}).get("Details", stats)
    assert events[-1] == "End", events
    assert stats["BytesReturned"] == len(records), (stats, len(records))
    return records.decode(), events


s3.create_bucket(Bucket=bucket)

lines = "n,square\n" + "".join(f"{n},{n * n}\n" for n in range(50_000))
s3.put_object(Bucket=bucket, Key="squares.csv.gz", Body=gzip.compress(lines.encode(), 1))
squares = {"CSV": {"FileHeaderInfo": "USE"}, "CompressionType": "GZIP"}
count, _ = select(bucket, "squares.csv.gz", "SELECT COUNT(*) FROM S3Object s WHERE CAST(s.n AS INT) >= 100", squares, {"CSV": {}})
assert count == "49900\n", count
whole, events = select(bucket, "squares.csv.gz", "SELECT * FROM S3Object", squares, {"CSV": {}}, RequestProgress={"Enabled": True})
assert whole == lines.split("\n", 1)[1], len(whole)
assert events.count("Records") > 1, events

s3.put_object(Bucket=bucket, Key="order.json", Body=json.dumps({"items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 5}]}))
rows, _ = select(bucket, "order.json", "SELECT s.sku FROM S3Object[*].items[*] s WHERE s.n > 2", {"JSON": {"Type": "DOCUMENT"}}, {"JSON": {}})
assert json.loads(rows) == {"sku": "b"}, rows

rows, _ = select(report_bucket, report, "SELECT COUNT(*), SUM(s.size) FROM S3Object s", {"Parquet": {}}, {"CSV": {}})
assert rows.split(",")[0] == "2", rows

try:
    select(bucket, "order.json", "SELECT * FROM S3Object s JOIN S3Object t", {"JSON": {"Type": "DOCUMENT"}}, {"JSON": {}})
    raise AssertionError("a join was not refused")
except ClientError as error:
    assert error.response["Error"]["Code"] == "UnsupportedSqlStructure", error.response

print("all good")
