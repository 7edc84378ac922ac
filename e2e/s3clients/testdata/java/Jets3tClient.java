import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.InputStream;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Date;
import java.util.List;
import java.util.Random;

import org.jets3t.service.Jets3tProperties;
import org.jets3t.service.ServiceException;
import org.jets3t.service.StorageObjectsChunk;
import org.jets3t.service.impl.rest.httpclient.RestS3Service;
import org.jets3t.service.model.BaseVersionOrDeleteMarker;
import org.jets3t.service.model.MultipartPart;
import org.jets3t.service.model.MultipartUpload;
import org.jets3t.service.model.S3Object;
import org.jets3t.service.model.StorageObject;
import org.jets3t.service.security.AWSCredentials;
import org.jets3t.service.utils.MultipartUtils;

/** What an application does with jets3t, the oldest of Java's S3 libraries. It signs with Signature Version 2. */
public final class Jets3tClient {
    private static final int LARGE = 20 << 20;

    private final RestS3Service s3;
    private final String bucket;

    private Jets3tClient(RestS3Service s3, String bucket) {
        this.s3 = s3;
        this.bucket = bucket;
    }

    /** Arguments: endpoint, access key, secret key, bucket, and an empty folder. */
    public static void main(String[] args) throws Exception {
        URI endpoint = URI.create(args[0]);
        Jets3tClient client = new Jets3tClient(connect(endpoint, args[1], args[2]), args[3]);
        client.objects();
        client.links();
        client.listings();
        client.stream();
        client.parts(new File(args[4], "large.bin"));
        client.versions();
        client.refusals(connect(endpoint, args[1], "wrong"));
        client.clear();
        System.out.println("all good");
    }

    static RestS3Service connect(URI endpoint, String key, String secret) throws Exception {
        Jets3tProperties properties = new Jets3tProperties();
        properties.setProperty("s3service.s3-endpoint", endpoint.getHost());
        properties.setProperty("s3service.s3-endpoint-http-port", String.valueOf(endpoint.getPort()));
        properties.setProperty("s3service.https-only", "false");
        properties.setProperty("s3service.disable-dns-buckets", "true");
        return new RestS3Service(new AWSCredentials(key, secret), null, null, properties);
    }

    private void objects() throws Exception {
        s3.createBucket(bucket);
        check("the bucket is listed", Arrays.stream(buckets()).anyMatch(bucket::equals));
        check("a bucket of one's own", s3.checkBucketStatus(bucket) == RestS3Service.BUCKET_STATUS__MY_BUCKET);

        S3Object object = new S3Object("dir/a b+%ü.txt", "hello from Java"); // sends its MD5
        object.addMetadata("colour", "blue");
        object.setContentType("text/plain; charset=utf-8");
        s3.putObject(bucket, object);
        StorageObject head = s3.getObjectDetails(bucket, object.getKey());
        check("metadata", "blue".equals(head.getMetadata("colour")));
        check("type", "text/plain; charset=utf-8".equals(head.getContentType()));
        check("ETag", md5(bytes("hello from Java")).equals(head.getETag()));
        check("content", "hello from Java".equals(text(s3.getObject(bucket, object.getKey()).getDataInputStream())));
        StorageObject range = s3.getObject(bucket, object.getKey(), null, null, null, null, 6L, 9L);
        check("a range", "from".equals(text(range.getDataInputStream())) && range.getContentLength() == 4);
        check("unchanged since", refused(304, null, () -> s3.getObjectDetails(bucket, object.getKey(), null, null, null, new String[] {head.getETag()})));

        S3Object lies = new S3Object("lies", "what arrives");
        lies.setMd5Hash(new byte[16]);
        check("another MD5", refused(400, "BadDigest", () -> s3.putObject(bucket, lies)));
        check("nothing was kept of it", !s3.isObjectInBucket(bucket, "lies"));

        s3.copyObject(bucket, object.getKey(), bucket, new S3Object("copy"), false);
        check("a copy keeps metadata", "blue".equals(s3.getObjectDetails(bucket, "copy").getMetadata("colour")));
        S3Object other = new S3Object("copy");
        other.addMetadata("colour", "red");
        s3.updateObjectMetadata(bucket, other);
        check("metadata replaced", "red".equals(s3.getObjectDetails(bucket, "copy").getMetadata("colour")));
        s3.renameObject(bucket, "copy", new S3Object("dir/renamed"));
        check("renamed", !s3.isObjectInBucket(bucket, "copy") && s3.isObjectInBucket(bucket, "dir/renamed"));
        check("the access control list names its owner", s3.getObjectAcl(bucket, "dir/renamed").getOwner() != null);
    }

    private void links() throws Exception {
        Date soon = new Date(System.currentTimeMillis() + 60_000);
        String link = s3.createSignedGetUrl(bucket, "dir/renamed", soon);
        check("a link", "hello from Java".equals(text(new URL(link).openStream())));
        java.net.HttpURLConnection changed = (java.net.HttpURLConnection) new URL(link.replace("dir/renamed", "dir/other")).openConnection();
        check("a changed link", changed.getResponseCode() == 403);
        String past = s3.createSignedGetUrl(bucket, "dir/renamed", new Date(System.currentTimeMillis() - 60_000));
        check("an ended link", ((java.net.HttpURLConnection) new URL(past).openConnection()).getResponseCode() == 403);
    }

    private void listings() throws Exception {
        s3.putObject(bucket, new S3Object("dir/deep/one", "1"));
        StorageObjectsChunk top = s3.listObjectsChunked(bucket, "", "/", 1000, null);
        check("folders", Arrays.equals(top.getCommonPrefixes(), new String[] {"dir/"}) && top.getObjects().length == 0);
        StorageObjectsChunk dir = s3.listObjectsChunked(bucket, "dir/", "/", 1000, null);
        check("a folder in it", Arrays.equals(dir.getCommonPrefixes(), new String[] {"dir/deep/"}));
        List<String> paged = new ArrayList<>();
        for (StorageObject o : s3.listObjects(bucket, "dir/", null, 1)) { // a page for each object
            paged.add(o.getKey());
        }
        check("pages", paged.equals(Arrays.asList("dir/a b+%ü.txt", "dir/deep/one", "dir/renamed")));
    }

    private void stream() throws Exception {
        S3Object object = new S3Object("stream");
        byte[] content = random();
        object.setDataInputStream(new ByteArrayInputStream(content)); // can be read once, and has no MD5
        object.setContentLength(content.length);
        s3.putObject(bucket, object);
        check("a stream", Arrays.equals(content, s3.getObject(bucket, "stream").getDataInputStream().readAllBytes()));
    }

    private void parts(File file) throws Exception {
        byte[] content = random();
        Files.write(file.toPath(), content);
        S3Object object = new S3Object(file);
        object.setKey("parts");
        object.addMetadata("colour", "green");
        new MultipartUtils(5 << 20).uploadObjects(bucket, s3, Collections.singletonList(object), null);
        StorageObject got = s3.getObject(bucket, "parts");
        check("parts", Arrays.equals(content, got.getDataInputStream().readAllBytes()) && got.getETag().endsWith("-4"));
        check("metadata of parts", "green".equals(got.getMetadata("colour")));

        MultipartUpload upload = s3.multipartStartUpload(bucket, "left", Collections.emptyMap());
        MultipartPart part = s3.multipartUploadPart(upload, 1, new S3Object("left", "a part"));
        check("the part is listed", s3.multipartListParts(upload).get(0).getEtag().equals(part.getEtag()));
        check("the upload is listed", s3.multipartListUploads(bucket).get(0).getUploadId().equals(upload.getUploadId()));
        s3.multipartAbortUpload(upload);
        check("and gone", s3.multipartListUploads(bucket).isEmpty());
    }

    private void versions() throws Exception {
        s3.enableBucketVersioning(bucket);
        check("versioning", s3.getBucketVersioningStatus(bucket).isVersioningEnabled());
        String first = s3.putObject(bucket, new S3Object("kept", "one")).getVersionId();
        s3.putObject(bucket, new S3Object("kept", "two"));
        s3.deleteObject(bucket, "kept");
        check("two versions and a marker", s3.listVersionedObjects(bucket, "kept", null).length == 3);
        check("the first", "one".equals(text(s3.getVersionedObject(first, bucket, "kept").getDataInputStream())));
    }

    private void refusals(RestS3Service stranger) throws Exception {
        check("no key", refused(404, "NoSuchKey", () -> s3.getObject(bucket, "none")));
        check("no bucket", refused(404, "NoSuchBucket", () -> s3.listObjects(bucket + "-none")));
        check("not empty", refused(409, "BucketNotEmpty", () -> s3.deleteBucket(bucket)));
        check("another's secret", refused(403, "SignatureDoesNotMatch", () -> stranger.putObject(bucket, new S3Object("evil", "x"))));
        check("nothing was kept", !s3.isObjectInBucket(bucket, "evil"));
    }

    private void clear() throws Exception {
        for (BaseVersionOrDeleteMarker version : s3.listVersionedObjects(bucket, null, null)) {
            s3.deleteVersionedObject(version.getVersionId(), bucket, version.getKey());
        }
        s3.deleteBucket(bucket);
        check("the bucket is gone", Arrays.stream(buckets()).noneMatch(bucket::equals));
    }

    private String[] buckets() throws Exception {
        return Arrays.stream(s3.listAllBuckets()).map(b -> b.getName()).toArray(String[]::new);
    }

    interface Call {
        void run() throws Exception;
    }

    /** Whether the service refuses with this status and, unless it is null, this code. */
    private static boolean refused(int status, String code, Call call) throws Exception {
        try {
            call.run();
            return false;
        } catch (ServiceException e) {
            boolean expected = e.getResponseCode() == status && (code == null || code.equals(e.getErrorCode()));
            if (!expected) {
                e.printStackTrace();
            }
            return expected;
        }
    }

    static void check(String what, boolean holds) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static byte[] random() {
        byte[] content = new byte[LARGE];
        new Random(1).nextBytes(content);
        return content;
    }

    static String text(InputStream in) throws Exception {
        try (in) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String md5(byte[] content) throws Exception {
        StringBuilder hex = new StringBuilder();
        for (byte b : MessageDigest.getInstance("MD5").digest(content)) {
            hex.append(String.format("%02x", b));
        }
        return hex.toString();
    }
}
