# Drives the AWS SDK for Ruby: an object of each kind, uploads in parts from a file, a
# stream and a copy, links, forms, and versions deleted at once.
require 'aws-sdk-s3'
require 'fileutils'
require 'net/http'

large, down = ARGV
client = Aws::S3::Client.new(endpoint: ENV.fetch('AWS_ENDPOINT_URL'), region: 'us-east-1', force_path_style: true)
def check(ok, what)
  raise what unless ok
end

bucket = Aws::S3::Resource.new(client: client).create_bucket(bucket: 'ruby')
odd = bucket.object('a b/ü+%.txt')
odd.put(body: 'hello', metadata: { 'k' => 'v' }, content_type: 'text/plain', server_side_encryption: 'AES256')
got = odd.get
check got.body.read == 'hello' && got.metadata == { 'k' => 'v' } && got.content_type == 'text/plain', 'the object is another'

bucket.object('large').upload_file(large, multipart_threshold: 6 << 20)
bucket.object('large').download_file(down)
check FileUtils.compare_file(large, down), 'the file is another'
bucket.object('streamed').upload_stream { |s| 5.times { s << 'x' * 2_000_000 } }
check bucket.object('streamed').content_length == 10_000_000, 'the stream is another'
bucket.object('copied').copy_from(bucket.object('large'), multipart_copy: true, content_length: File.size(large))
check bucket.object('copied').content_length == File.size(large), 'the copy is another'
check bucket.objects.map(&:key) == ['a b/ü+%.txt', 'copied', 'large', 'streamed'], 'the listing is another'

check Net::HTTP.get(URI(odd.presigned_url(:get))) == 'hello', 'the link leads elsewhere'
form = bucket.presigned_post(key: 'formed', content_length_range: 0..100)
fields = form.fields.to_a + [['file', 'of a form', { filename: 'f' }]]
request = Net::HTTP::Post.new(URI(form.url))
request.set_form(fields, 'multipart/form-data')
answer = Net::HTTP.start(request.uri.host, request.uri.port) { |http| http.request(request) }
check answer.code == '204' && bucket.object('formed').get.body.read == 'of a form', "the form: #{answer.code} #{answer.body}"

odd.move_to(bucket: 'ruby', key: 'moved')
begin
  odd.get
  raise 'what was moved is still there'
rescue Aws::S3::Errors::NoSuchKey
end
client.put_bucket_versioning(bucket: 'ruby', versioning_configuration: { status: 'Enabled' })
bucket.objects.batch_delete!
check bucket.objects.none? && bucket.object_versions.any?, 'no versions are left'
bucket.object_versions.batch_delete!
bucket.delete
check !bucket.exists?, 'the bucket is still there'
puts 'all good'
