#!/bin/bash
# Runs once, on an empty data volume: one role and one database per service, and nobody in another one's database.
set -euo pipefail
run() { psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --dbname postgres "$@"; }

for service in contracts surveys scoring gateway; do
  # By the environment and not by an argument: arguments are visible in the list of processes.
  PASSWORD=$(</run/secrets/"${service}_db_password") run --set role="$service" <<'SQL'
\getenv password PASSWORD
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role" TEMPLATE template0 ENCODING 'UTF8'
  LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8';
REVOKE ALL ON DATABASE :"role" FROM PUBLIC;
SQL
done

run <<'SQL'
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
-- pg_trgm follows LC_CTYPE: under a wrong one it finds nothing in Chinese text, without any error.
BEGIN;
CREATE EXTENSION pg_trgm;
DO $$ BEGIN
  IF cardinality(show_trgm('政府采购')) = 0 THEN RAISE EXCEPTION 'LC_CTYPE of the cluster is not C.UTF-8'; END IF;
END $$;
ROLLBACK;
SQL
