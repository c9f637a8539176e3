#!/usr/bin/env bash
# Makes the secrets of the deployment in deploy/secrets/: passwords of the database roles and of the broker's users, the
# keys that sign tokens, and the first API client's secret. What exists is kept, so that it can be run again at any time.
# The passwords are in the data volumes too: with new ones the old volumes do not open. Needs openssl.
# usage: init-secrets.sh [rotate-keys]   rotate-keys: sign with a new key, accept the one before until the next rotation
set -euo pipefail
cd "$(dirname "$0")"
SERVICES="contracts surveys scoring gateway"
umask 077
mkdir -p secrets
# The folder is closed to everybody else on this machine. The files in it can be read by all, because Compose mounts them
# as they are and the containers run under users of their own; a container sees only the files that are mounted into it.
chmod 700 secrets
# The same for the configuration that is mounted: a checkout made under a strict umask could not be read inside.
chmod a+r nats.conf postgres/init.sh

keep() { # file: standard input becomes its content, unless it exists
  [ ! -e "secrets/$1" ] || { cat >/dev/null; return 0; }
  cat >"secrets/.new"
  [ -s secrets/.new ] || { echo "init-secrets: nothing to write into $1" >&2; return 1; }
  chmod 444 secrets/.new
  mv secrets/.new "secrets/$1"
  echo "made deploy/secrets/$1"
}
password() { openssl rand -hex 24; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

password | keep postgres_password
for service in $SERVICES; do
  password | keep "${service}_db_password"
  printf 'postgresql://%s:%s@postgres:5432/%s\n' "$service" "$(<"secrets/${service}_db_password")" "$service" | keep "${service}_database_url"
  password | keep "${service}_nats_password"
  printf 'nats://%s:%s@nats:4222\n' "$service" "$(<"secrets/${service}_nats_password")" | keep "${service}_nats_url"
done
for service in $SERVICES; do printf '%s_password: "%s"\n' "$service" "$(<"secrets/${service}_nats_password")"; done | keep nats_passwords

# The keys that sign tokens, one JWK (RFC 8037) a line, the newest first; public/ goes to every service, private/ to the
# gateway. Folders are mounted and not files: a file that was replaced would stay the old one inside the containers.
mkdir -p secrets/public secrets/private
chmod 755 secrets/public secrets/private
key_set() { printf '{"keys":[\n'; sed '/^$/d' | sed '$!s/$/,/'; printf ']}\n'; }
keys_in() { [ ! -e "$1" ] || sed -n '/^{"kty"/{s/,$//;p}' "$1"; }
new_key() { # an Ed25519 key; its id is the thumbprint of RFC 7638
  local der d x kid
  der=$(openssl genpkey -algorithm ed25519 -outform DER | openssl base64 -A)
  d=$(printf %s "$der" | openssl base64 -d -A | tail -c 32 | base64url)
  x=$(printf %s "$der" | openssl base64 -d -A | openssl pkey -inform DER -pubout -outform DER | tail -c 32 | base64url)
  kid=$(printf '{"crv":"Ed25519","kty":"OKP","x":"%s"}' "$x" | openssl dgst -sha256 -binary | base64url)
  printf '{"kty":"OKP","crv":"Ed25519","x":"%s","kid":"%s","use":"sig","alg":"Ed25519","d":"%s"}\n' "$x" "$kid" "$d"
}
if [ ! -e secrets/private/signing_keys.json ] || [ "${1:-}" = rotate-keys ]; then
  keys=$(new_key; keys_in secrets/private/signing_keys.json | head -n 1)
  rm -f secrets/public/.new secrets/private/.new
  key_set <<<"$keys" >secrets/private/.new
  sed 's/,"d":"[^"]*"//' secrets/private/.new >secrets/public/.new
  chmod 444 secrets/public/.new secrets/private/.new
  mv -f secrets/public/.new secrets/public/jwks.json # a verifier may know a key too early, never too late
  mv -f secrets/private/.new secrets/private/signing_keys.json
  echo "made deploy/secrets/private/signing_keys.json and deploy/secrets/public/jwks.json"
fi

password | keep bootstrap_client_secret
password | keep contracts_key # individual providers are known by a hash under it: a new one makes new pseudonyms
password | keep surveys_key # tokens, codes and references are hashed with it: a new one makes the tokens that are out useless
