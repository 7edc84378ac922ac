package s3api

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/s3/manager"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/minio/minio-go/v7"
	miniocredentials "github.com/minio/minio-go/v7/pkg/credentials"
)

// random is reproducible and does not compress.
func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	_, _ = r.Read(b)
	return b
}

func awsClient(f *fixture) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(f.server.URL), Region: "eu-somewhere-7", UsePathStyle: true, HTTPClient: f.server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider(testKey, testSecret, ""),
	})
}

func TestAWSSDK(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	client := awsClient(f)
	bucket := aws.String("bucket")
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	must("create bucket", err)
	_, err = client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket})
	var owned *types.BucketAlreadyOwnedByYou
	if !errors.As(err, &owned) {
		t.Errorf("create again: %v", err)
	}
	list, err := client.ListBuckets(ctx, &s3.ListBucketsInput{})
	if err != nil || len(list.Buckets) != 1 {
		t.Errorf("list buckets: %v, %v", list, err)
	}

	for _, algorithm := range types.ChecksumAlgorithm("").Values() {
		if !slices.Contains([]types.ChecksumAlgorithm{"CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"}, algorithm) {
			continue // the SDK sends these only when it is given them
		}
		key := aws.String("checksum/" + string(algorithm))
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("hello"), ChecksumAlgorithm: algorithm})
		must("put with "+string(algorithm), err)
		got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key, ChecksumMode: types.ChecksumModeEnabled})
		must("get with "+string(algorithm), err)
		body, err := io.ReadAll(got.Body)
		got.Body.Close()
		if err != nil || string(body) != "hello" {
			t.Errorf("%s: %q, %v", algorithm, body, err)
		}
	}

	data := random(12 << 20)
	key := "dir/big +%中~"
	//nolint:staticcheck // its successor is not what people have; both are to work
	_, err = manager.NewUploader(client).Upload(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: &key, Body: bytes.NewReader(data), Metadata: map[string]string{"colour": "blue"}, ContentType: aws.String("text/x"),
	})
	must("upload", err)
	buffer := manager.NewWriteAtBuffer(nil)
	//nolint:staticcheck // as above
	n, err := manager.NewDownloader(client).Download(ctx, buffer, &s3.GetObjectInput{Bucket: bucket, Key: &key})
	if err != nil || n != int64(len(data)) || !bytes.Equal(buffer.Bytes(), data) {
		t.Errorf("download: %d, %v", n, err)
	}
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: &key})
	if err != nil || head.Metadata["colour"] != "blue" || *head.ContentType != "text/x" || *head.ContentLength != int64(len(data)) {
		t.Errorf("head: %+v, %v", head, err)
	}
	_, err = client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: aws.String("none")})
	var missing *types.NotFound
	if !errors.As(err, &missing) {
		t.Errorf("head of nothing: %v", err)
	}
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: aws.String("none")})
	var noKey *types.NoSuchKey
	if !errors.As(err, &noKey) {
		t.Errorf("get of nothing: %v", err)
	}
	_, err = client.CopyObject(ctx, &s3.CopyObjectInput{Bucket: bucket, Key: aws.String("copy"), CopySource: aws.String("bucket/" + url.PathEscape(key))})
	must("copy", err)
	_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("copy"), Body: strings.NewReader("x"), IfNoneMatch: aws.String("*")})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "PreconditionFailed" {
		t.Errorf("put if none match: %v", err)
	}

	var keys []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		must("list", err)
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	if len(keys) != 7 || !slices.IsSorted(keys) {
		t.Errorf("keys %q", keys)
	}

	presigned := s3.NewPresignClient(client)
	get, err := presigned.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: &key})
	must("presign get", err)
	if a := f.do(f.request(get.Method, strings.TrimPrefix(get.URL, f.server.URL), "")); a.body != string(data) {
		t.Errorf("presigned get: %d, %d bytes", a.status, len(a.body))
	}
	put, err := presigned.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: aws.String("presigned")})
	must("presign put", err)
	r := f.request(put.Method, strings.TrimPrefix(put.URL, f.server.URL), "hello")
	for name := range put.SignedHeader {
		if name != "Host" && name != "Content-Length" {
			r.Header.Set(name, put.SignedHeader.Get(name))
		}
	}
	if a := f.do(r); a.status != http.StatusOK {
		t.Errorf("presigned put: %d %s", a.status, a.body)
	}

	var objects []types.ObjectIdentifier
	for _, k := range append(keys, "presigned") {
		objects = append(objects, types.ObjectIdentifier{Key: &k})
	}
	deleted, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: bucket, Delete: &types.Delete{Objects: objects}})
	if err != nil || len(deleted.Deleted) != len(objects) || len(deleted.Errors) != 0 {
		t.Errorf("delete: %+v, %v", deleted, err)
	}
	_, err = client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: bucket})
	must("delete bucket", err)
	_, err = client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: bucket})
	if !errors.As(err, &missing) {
		t.Errorf("head of a deleted bucket: %v", err)
	}
}

func minioClient(t *testing.T, f *fixture, trailers bool) *minio.Client {
	t.Helper()
	client, err := minio.New(strings.TrimPrefix(f.server.URL, "http://"), &minio.Options{
		Creds: miniocredentials.NewStaticV4(testKey, testSecret, ""), TrailingHeaders: trailers,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestMinioGo(t *testing.T) {
	for _, trailers := range []bool{false, true} {
		name := "signed chunks"
		if trailers {
			name = "trailers"
		}
		t.Run(name, func(t *testing.T) {
			f := start(t)
			ctx := t.Context()
			client := minioClient(t, f, trailers)
			must := func(what string, err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
			}
			must("make bucket", client.MakeBucket(ctx, "bucket", minio.MakeBucketOptions{}))
			exists, err := client.BucketExists(ctx, "bucket")
			if err != nil || !exists {
				t.Errorf("exists: %v, %v", exists, err)
			}
			exists, err = client.BucketExists(ctx, "none-such")
			if err != nil || exists {
				t.Errorf("exists: %v, %v", exists, err)
			}
			data := random(20 << 20)
			for key, size := range map[string]int{"empty": 0, "small +%": 1000, "odd/中文": 100_001, "large": len(data)} {
				info, err := client.PutObject(ctx, "bucket", key, bytes.NewReader(data[:size]), int64(size),
					minio.PutObjectOptions{ContentType: "text/x", UserMetadata: map[string]string{"Colour": "blue"}, PartSize: 8 << 20})
				must("put "+key, err)
				if info.Size != int64(size) {
					t.Errorf("%s: put %d bytes", key, info.Size)
				}
				o, err := client.GetObject(ctx, "bucket", key, minio.GetObjectOptions{})
				must("get "+key, err)
				got, err := io.ReadAll(o)
				if err != nil || !bytes.Equal(got, data[:size]) {
					t.Errorf("%s: got %d bytes, %v", key, len(got), err)
				}
				o.Close()
				stat, err := client.StatObject(ctx, "bucket", key, minio.StatObjectOptions{})
				if err != nil || stat.UserMetadata["Colour"] != "blue" || stat.ContentType != "text/x" {
					t.Errorf("%s: stat %+v, %v", key, stat, err)
				}
			}
			// A stream of unknown size goes up in parts.
			_, err = client.PutObject(ctx, "bucket", "stream", io.LimitReader(bytes.NewReader(data), 11<<20), -1, minio.PutObjectOptions{PartSize: 5 << 20})
			must("put a stream", err)
			_, err = client.ComposeObject(ctx, minio.CopyDestOptions{Bucket: "bucket", Object: "composed"},
				minio.CopySrcOptions{Bucket: "bucket", Object: "large"}, minio.CopySrcOptions{Bucket: "bucket", Object: "small +%"})
			must("compose", err)
			stat, err := client.StatObject(ctx, "bucket", "composed", minio.StatObjectOptions{})
			if err != nil || stat.Size != int64(len(data)+1000) {
				t.Errorf("composed: %+v, %v", stat, err)
			}
			_, err = client.StatObject(ctx, "bucket", "none", minio.StatObjectOptions{})
			if minio.ToErrorResponse(err).Code != "NoSuchKey" {
				t.Errorf("stat of nothing: %v", err)
			}
			u, err := client.PresignedGetObject(ctx, "bucket", "odd/中文", time.Hour, url.Values{"response-content-type": {"text/y"}})
			must("presign", err)
			if a := f.do(f.request("GET", strings.TrimPrefix(u.String(), f.server.URL), "")); a.body != string(data[:100_001]) || a.header.Get("Content-Type") != "text/y" {
				t.Errorf("presigned: %d, %d bytes", a.status, len(a.body))
			}
			var keys []string
			for o := range client.ListObjects(ctx, "bucket", minio.ListObjectsOptions{Recursive: true, MaxKeys: 2}) {
				must("list", o.Err)
				keys = append(keys, o.Key)
			}
			if want := []string{"composed", "empty", "large", "odd/中文", "small +%", "stream"}; !slices.Equal(keys, want) {
				t.Errorf("keys %q", keys)
			}
			remove := make(chan minio.ObjectInfo, len(keys))
			for _, key := range keys {
				remove <- minio.ObjectInfo{Key: key}
			}
			close(remove)
			for e := range client.RemoveObjects(ctx, "bucket", remove, minio.RemoveObjectsOptions{}) {
				t.Errorf("remove %s: %v", e.ObjectName, e.Err)
			}
			must("remove bucket", client.RemoveBucket(ctx, "bucket"))
		})
	}
}
