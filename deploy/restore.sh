#!/usr/bin/env bash
# Brings a backup of deploy/backup.sh back. Everything that the deployment has now is deleted first, so it asks for the
# word --yes. The secrets in deploy/secrets/ must be those of the backup's time.
#
#   deploy/restore.sh BACKUP --yes
#
# Afterwards: subscribers hear a new epoch, readers of the changes feed with a place that is lost are told to start anew
# (docs/operations.md).
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
fail() { printf 'restore: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }
compose() { docker compose --file "$HERE/compose.yaml" "$@"; }
[ $# -ge 1 ] || fail "say which: restore.sh BACKUP --yes"
backup=$(cd "$1" 2>/dev/null && pwd) || fail "there is no folder $1"
[ -e "$backup/SHA256SUMS" ] || fail "$backup is no backup: it has no SHA256SUMS"
(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || fail "$backup was changed or damaged"
[ "${2:-}" = --yes ] || fail "this deletes the data of the deployment in place; say --yes as the last word"

say "stopping, and deleting what is there"
compose down --volumes --timeout 60
# unpack SERVICE FOLDER ARCHIVE: into the new volume that the service's container has at the folder
unpack() {
  compose run --rm --no-deps -T --entrypoint sh "$1" -c 'tar --extract --gzip --directory "$0" --file -' "$2" <"$3"
}
say "the databases"
unpack postgres /var/lib/postgresql/data "$backup/postgres.tar.gz"
compose run --rm --no-deps -T --entrypoint sh postgres -c \
  'chmod 0700 "$PGDATA" && { verify=$(command -v pg_verifybackup || ls /usr/lib/postgresql/*/bin/pg_verifybackup); } && "$verify" --quiet "$PGDATA"' ||
  fail "the databases are not as they were backed up"
if [ -e "$backup/files.tar.gz" ]; then
  say "the documents' content"
  unpack contracts /data "$backup/files.tar.gz"
fi
compose up --detach --wait postgres
for service in contracts surveys scoring gateway; do
  compose run --rm --no-deps -T "$service-migrate" migrate
  compose run --rm --no-deps -T "$service-migrate" restored
done
say "starting"
compose up --detach --wait
say "restored from $backup"
