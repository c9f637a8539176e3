#!/usr/bin/env bash
# A backup of the running deployment: the whole PostgreSQL cluster at one moment, so that the four databases fit together,
# and after it the documents' content, which is only ever added to. The broker is not in it: what it holds is in the
# databases too. Nor are the secrets: keep deploy/secrets/ apart. Needs docker, tar, gzip and sha256sum.
#
#   deploy/backup.sh FOLDER       makes FOLDER/<time>/ and prints its name
#
# The backup has everything that the deployment knows, unencrypted: FOLDER belongs on an encrypted disk, and the copies of
# a time in which surveys were open are deleted early (docs/impact-assessment.md).
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { printf 'backup: %s\n' "$*" >&2; exit 1; }
compose() { docker compose --file "$HERE/compose.yaml" "$@"; }
[ $# = 1 ] || fail "say where to: backup.sh FOLDER"
umask 077
place=$1/$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$1"
mkdir "$place.part" 2>/dev/null || fail "$place.part is there: another backup runs, or was broken off"
trap 'rm -rf "$place.part"' EXIT

compose exec -T postgres pg_basebackup --username postgres --pgdata - --format tar --wal-method fetch \
  --checkpoint fast --label "gongping" | gzip --fast >"$place.part/postgres.tar.gz"
case ${GONGPING_FILES_URL:-file://} in
  # Status 1: a file came or went meanwhile. It is of no row in the databases' backup, or it is there under its final name.
  file://*) { compose exec -T contracts tar --create --directory /data --file - . || [ $? = 1 ]; } |
    gzip --fast >"$place.part/files.tar.gz" ;;
  *) echo "backup: the documents' content lies in $GONGPING_FILES_URL; its store has backups of its own" >&2 ;;
esac
# What cannot be read back is no backup.
for archive in "$place.part"/*.tar.gz; do tar --list --gzip --file "$archive" >/dev/null || fail "$archive is broken"; done
(cd "$place.part" && sha256sum -- *.tar.gz >SHA256SUMS)
mv "$place.part" "$place"
printf '%s\n' "$place"
