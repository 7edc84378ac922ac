import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import org.apache.commons.fileupload.FileItem;
import org.apache.commons.fileupload.FileUpload;
import org.apache.commons.fileupload.RequestContext;
import org.apache.commons.fileupload.disk.DiskFileItemFactory;
import org.jets3t.service.impl.rest.httpclient.RestS3Service;
import org.jets3t.service.model.S3Object;
import org.jets3t.service.model.StorageObject;
import org.springframework.core.io.ByteArrayResource;
import org.springframework.http.HttpEntity;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.http.client.SimpleClientHttpRequestFactory;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.util.MultiValueMap;
import org.springframework.web.client.HttpClientErrorException;
import org.springframework.web.client.RestTemplate;
import org.springframework.web.multipart.MultipartFile;
import org.springframework.web.multipart.commons.CommonsMultipartFile;

/**
 * How a Spring application keeps what its users upload: it takes a form's file and puts it into a bucket, or it lets
 * them send the file to the bucket themselves, by a link or a form that it signed (Signature Version 4).
 */
public final class SpringUpload {
    private final RestTemplate http = new RestTemplate(); // announces the length of what it sends, as S3 wants of forms
    private final RestTemplate streaming; // keeps nothing of what it sends
    private final byte[] content = Jets3tClient.random();
    private final byte[] little = new byte[1000]; // which is sent whole before the refusal is looked for

    private SpringUpload() {
        SimpleClientHttpRequestFactory factory = new SimpleClientHttpRequestFactory();
        factory.setBufferRequestBody(false);
        streaming = new RestTemplate(factory);
    }

    /**
     * Arguments: endpoint, access key, secret key, bucket, a link to put "linked", one to get it, and the fields of a form
     * whose policy lets "formed" be uploaded, name=value each.
     */
    public static void main(String[] args) throws Exception {
        RestS3Service s3 = Jets3tClient.connect(URI.create(args[0]), args[1], args[2]);
        SpringUpload upload = new SpringUpload();
        upload.throughTheApplication(s3, args[3]);
        upload.byLink(URI.create(args[4]), URI.create(args[5]));
        upload.byForm(s3, URI.create(args[0] + "/" + args[3]), args[3], Arrays.copyOfRange(args, 6, args.length));
        System.out.println("all good");
    }

    private void throughTheApplication(RestS3Service s3, String bucket) throws Exception {
        HttpServer application = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        application.createContext("/upload", exchange -> {
            int status = 201;
            try {
                keep(s3, bucket, received(exchange));
            } catch (Exception e) {
                e.printStackTrace();
                status = 500;
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        application.start();
        try {
            URI uri = URI.create("http://127.0.0.1:" + application.getAddress().getPort() + "/upload");
            Jets3tClient.check("the form is taken", streaming.postForEntity(uri, form(new TreeMap<>(), content), String.class).getStatusCodeValue() == 201);
        } finally {
            application.stop(0);
        }
        StorageObject kept = s3.getObject(bucket, "uploads/report 1.pdf");
        Jets3tClient.check("what was uploaded", Arrays.equals(content, kept.getDataInputStream().readAllBytes()));
        Jets3tClient.check("its type", "application/pdf".equals(kept.getContentType()));
    }

    /** What a service of the application does with a controller's MultipartFile. */
    private static void keep(RestS3Service s3, String bucket, MultipartFile file) throws Exception {
        S3Object object = new S3Object("uploads/" + file.getOriginalFilename());
        object.setContentType(file.getContentType());
        object.setContentLength(file.getSize());
        try (InputStream in = file.getInputStream()) {
            object.setDataInputStream(in);
            s3.putObject(bucket, object);
        }
    }

    /** The first file of a form, as Spring hands it to a controller. */
    private static MultipartFile received(HttpExchange exchange) throws Exception {
        RequestContext request = new RequestContext() {
            @Override
            public String getCharacterEncoding() {
                return "UTF-8";
            }

            @Override
            public String getContentType() {
                return exchange.getRequestHeaders().getFirst(HttpHeaders.CONTENT_TYPE);
            }

            @Override
            public int getContentLength() {
                return -1;
            }

            @Override
            public InputStream getInputStream() {
                return exchange.getRequestBody();
            }
        };
        for (FileItem item : new FileUpload(new DiskFileItemFactory()).parseRequest(request)) {
            if (!item.isFormField()) {
                return new CommonsMultipartFile(item);
            }
        }
        throw new IOException("a form without a file");
    }

    private void byLink(URI put, URI get) {
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.APPLICATION_OCTET_STREAM);
        ResponseEntity<String> answer = streaming.exchange(put, HttpMethod.PUT, new HttpEntity<>(content, headers), String.class);
        Jets3tClient.check("a link to put", answer.getHeaders().getETag() != null);
        Jets3tClient.check("a link to get", Arrays.equals(content, http.getForObject(get, byte[].class)));
        Jets3tClient.check("a link for something else", refused(() -> http.exchange(get, HttpMethod.PUT, new HttpEntity<>(little, headers), String.class)));
    }

    private void byForm(RestS3Service s3, URI bucketURI, String bucket, String[] signed) throws Exception {
        Map<String, String> fields = new TreeMap<>();
        for (String field : signed) {
            String[] parts = field.split("=", 2);
            fields.put(parts[0], parts[1]);
        }
        http.postForEntity(bucketURI, form(fields, content), String.class);
        Jets3tClient.check("a form", Arrays.equals(content, s3.getObject(bucket, fields.get("key")).getDataInputStream().readAllBytes()));
        fields.put("key", "another");
        Jets3tClient.check("a form for another key", refused(() -> http.postForEntity(bucketURI, form(fields, little), String.class)));
        Jets3tClient.check("nothing was kept of it", !s3.isObjectInBucket(bucket, "another"));
    }

    /** The form that a browser would send, its file last. */
    private HttpEntity<MultiValueMap<String, Object>> form(Map<String, String> fields, byte[] content) {
        MultiValueMap<String, Object> form = new LinkedMultiValueMap<>();
        fields.forEach(form::add);
        HttpHeaders file = new HttpHeaders();
        file.setContentType(MediaType.APPLICATION_PDF);
        form.add("file", new HttpEntity<>(new ByteArrayResource(content) {
            @Override
            public String getFilename() {
                return "report 1.pdf";
            }
        }, file));
        HttpHeaders headers = new HttpHeaders();
        headers.setContentType(MediaType.MULTIPART_FORM_DATA);
        return new HttpEntity<>(form, headers);
    }

    private static boolean refused(Runnable request) {
        try {
            request.run();
            return false;
        } catch (HttpClientErrorException e) {
            return e.getRawStatusCode() == 403;
        }
    }
}
