#!/bin/sh
# The bucket of the store in SeaweedFS; safe to run again. Reads S3_BUCKET, MASTER and FILER (host:port).
set -eu

ask() {
  echo "$1" | weed shell -master="$MASTER" -filer="$FILER"
}

if ask s3.bucket.list | grep -Eq "^[[:space:]]*$S3_BUCKET[[:space:]]"; then
  echo "bucket $S3_BUCKET is there"
else
  ask "s3.bucket.create -name $S3_BUCKET"
fi
