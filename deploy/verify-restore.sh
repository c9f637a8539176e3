#!/usr/bin/env bash
# The drill: a deployment of its own beside the real one (other project, other port, own secrets) does the main job, is
# backed up, goes on, is restored, and must have exactly what it had, without what came later, and work. Minutes, 3 GB.
#
#   deploy/verify-restore.sh
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
fail() { printf 'verify-restore: %s\n' "$*" >&2; exit 1; }
say() { printf '%s\n' "$*"; }
WORK=$(mktemp -d)
export COMPOSE_PROJECT_NAME=gongping-restore-$$ GATEWAY_PORT=${GATEWAY_PORT:-18085} GONGPING_TAG=restore-$$
export GATEWAY=http://127.0.0.1:$GATEWAY_PORT CT_STATE=$WORK/state
compose() { docker compose --file "$WORK/tree/deploy/compose.yaml" "$@"; }
clean() {
  compose down --volumes --remove-orphans --rmi local --timeout 5 >/dev/null 2>&1 || true
  docker image ls --quiet --filter "reference=gongping-*:$GONGPING_TAG" | xargs -r docker rmi --force >/dev/null 2>&1 || true
  rm -rf "$WORK"
}
trap clean EXIT
mkdir -p "$WORK/tree" "$CT_STATE"
tar --create --directory "$ROOT" --exclude ./.venv --exclude ./.gongping --exclude ./.git --exclude ./deploy/secrets \
  --exclude '__pycache__' --file - . | tar --extract --directory "$WORK/tree" --file -
deploy=$WORK/tree/deploy
"$deploy/init-secrets.sh" >/dev/null
compose up --build --detach --wait >"$WORK/up" 2>&1 || { tail -n 20 "$WORK/up" >&2; fail "it does not start"; }
say "started"
smoke() { CT_PHASE=$1 bash "$deploy/smoke.sh" >"$WORK/smoke" 2>&1 || { tail -n 10 "$WORK/smoke" >&2; fail "smoke $1"; }; }
in_database() { compose exec -T postgres psql --username postgres --dbname "$1" --no-psqlrc --quiet --tuples-only --no-align --command "$2"; }
contracts() { in_database contracts "SELECT count(*) FROM contracts"; }
smoke first
kept=$(contracts)
compose exec -T contracts sh -c 'mkdir -p /data/files && printf kept >/data/files/drill'
backup=$("$deploy/backup.sh" "$WORK/backups")
say "backed up: $(du -sh "$backup" | cut -f1)"

# What is lost: another contract, a file, and a moment in which nothing of it has reached anybody else.
smoke again
compose exec -T contracts rm /data/files/drill
[ "$(contracts)" -gt "$kept" ] || fail "nothing came after the backup"
"$deploy/restore.sh" "$backup" >/dev/null 2>&1 && fail "it did not ask for --yes"
"$deploy/restore.sh" "$backup" --yes >"$WORK/restore" 2>&1 || { tail -n 20 "$WORK/restore" >&2; fail "restore"; }
[ "$(contracts)" = "$kept" ] || fail "$(contracts) contracts instead of $kept"
[ "$(compose exec -T contracts cat /data/files/drill)" = kept ] || fail "the file is not back"
say "restored: $kept contracts, as backed up"
for service in contracts surveys scoring; do
  [ "$(in_database "$service" "SELECT epoch FROM relay_state WHERE source = '$service'")" = 2 ] || fail "$service: no new epoch"
done
# The stored contract, its results, determination and hashes are the same; then another contract goes the whole way.
smoke crashed
say "everything as it was, and a new contract went the whole way"
whole() { # nobody lacks an event of anybody
  local service missing
  for service in surveys scoring gateway contracts; do
    missing=$(in_database "$service" "SELECT coalesce(sum(watermark - floor), 0) FROM inbox_floor")
    [ "$missing" = 0 ] || return 1
  done
}
for _ in $(seq 60); do whole && break; sleep 1; done
whole || fail "events are missing: $(in_database scoring 'SELECT * FROM inbox_floor')"
for service in contracts surveys scoring gateway; do
  compose exec -T "$service" python -m "$service" audit | grep --quiet "the chain is whole" || fail "$service: the audit's chain is broken"
done
say "no event is missing, the audit chains are whole"
printf 'x' >>"$backup/postgres.tar.gz"
"$deploy/restore.sh" "$backup" --yes >/dev/null 2>&1 && fail "a damaged backup was taken"
say "verify-restore: passed"
