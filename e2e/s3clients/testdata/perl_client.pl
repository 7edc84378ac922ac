# Drives Net::Amazon::S3: a bucket, values and a file, what it lists, and its end.
use strict;
use warnings;
use Net::Amazon::S3;
use Net::Amazon::S3::Signature::V4;
use Net::Amazon::S3::Vendor::Generic;

my ( $host, $large ) = @ARGV;
my $s3 = Net::Amazon::S3->new(
    vendor => Net::Amazon::S3::Vendor::Generic->new(
        host => $host, use_https => 0, use_virtual_host => 0, default_region => 'us-east-1',
        authorization_method => 'Net::Amazon::S3::Signature::V4',
    ),
    aws_access_key_id     => $ENV{AWS_ACCESS_KEY_ID},
    aws_secret_access_key => $ENV{AWS_SECRET_ACCESS_KEY},
);
sub refused { return $s3->err . ': ' . $s3->errstr }

my $bucket = $s3->add_bucket( { bucket => 'perl' } ) or die refused();
$bucket->add_key( 'with space', 'value', { content_type => 'text/plain', 'x-amz-meta-colour' => 'red' } ) or die refused();
my $got = $bucket->get_key('with space') or die refused();
die 'another value' unless $got->{value} eq 'value' && $got->{'x-amz-meta-colour'} eq 'red' && $got->{content_type} eq 'text/plain';
$bucket->add_key_filename( 'large', $large ) or die refused();
die 'another length' unless $bucket->head_key('large')->{content_length} == -s $large;
my @keys = map { $_->{key} } @{ $bucket->list_all->{keys} };
die "listed: @keys" unless "@keys" eq 'large with space';
die 'a key that is not there was found' if $bucket->get_key('none');
die 'a bucket that holds keys was deleted' if $bucket->delete_bucket;
$bucket->delete_key($_) or die refused() for @keys;
$bucket->delete_bucket or die refused();
print "all good\n";
