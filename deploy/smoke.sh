#!/usr/bin/env bash
# The main job against a running deployment, through the gateway only. Needs bash, curl and python3; runs on the host.
#
#   deploy/smoke.sh
#
# CT_PHASE=first (the default) drives a simulated contract to its score and, with citizens' answers, to the score with
# their voice, and notes what it saw in the folder CT_STATE. CT_PHASE=crashed and again look for exactly that first (same
# contract, same answers, same scores and hashes, same determination), and then drive another contract.
set -euo pipefail
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
GATEWAY=${GATEWAY:-http://127.0.0.1:18080}
STATE=${CT_STATE:-$(mktemp -d)}
PHASE=${CT_PHASE:-first}
REPLY=$STATE/reply.json
TODAY=$(date -u +%F)
umask 077

say() { printf '%s\n' "$*"; }
fail() { printf 'smoke: %s\n' "$*" >&2; exit 1; }
# value EXPRESSION: something of the last answer, which is `r`
value() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$REPLY" "$1"; }
status() { # METHOD PATH [BODY]: the answer goes to REPLY, its status is printed
  local body=()
  [ $# -lt 3 ] || body=(--data-binary "$3")
  curl --silent --show-error --max-time 30 --output "$REPLY" --write-out '%{http_code}' --request "$1" \
    --header "@$STATE/headers" "${body[@]}" "$GATEWAY$2"
}
call() { # STATUS METHOD PATH [BODY]
  local wanted=$1 got; shift
  got=$(status "$@") || fail "$1 $2: no answer"
  [ "$got" = "$wanted" ] || fail "$1 $2 answered $got instead of $wanted: $(head -c 600 "$REPLY")"
}
until_true() { # SECONDS WHAT COMMAND...: ask again until the command succeeds
  local end=$((SECONDS + $1)) what=$2; shift 2
  until "$@"; do [ $SECONDS -lt $end ] || fail "$what: not within the time; last answer $(head -c 600 "$REPLY")"; sleep 0.2; done
}
answers() { [ "$(status GET "$1" 2>/dev/null)" = 200 ]; }
nobody() { printf 'Content-Type: application/json\n' >"$STATE/headers"; }
# become CLIENT_ID SECRET: secret and token go by files and standard input, for arguments are visible to everybody
become() {
  nobody
  printf 'grant_type=client_credentials&client_id=%s&client_secret=%s' "$1" "$2" |
    curl --silent --show-error --fail --max-time 30 --output "$REPLY" --data @- "$GATEWAY/oauth/token" || fail "no token for $1"
  printf 'Authorization: Bearer %s\n' "$(value 'r["access_token"]')" >>"$STATE/headers"
}
uuid4() { python3 -c 'import uuid; print(uuid.uuid4())'; }

head_of() { # CONTRACT FRAMEWORK FIELD: a field of the live score, empty when there is none
  answers "/v1/scores/$1" || return 1
  python3 - "$REPLY" "$2" "$3" <<'P'
import json, sys
body = json.load(open(sys.argv[1]))
heads = body if isinstance(body, list) else next(v for v in body.values() if isinstance(v, list))
print(next((head[sys.argv[3]] for head in heads if head["framework_id"] == sys.argv[2]), ""))
P
}
score_is() { [ "$(head_of "$1" cn-self-evaluation stage)/$(head_of "$1" cn-self-evaluation score)" = "$2" ]; }

main_job() { # drives one contract to its completion and its score; sets CONTRACT
  local purchaser provider indicators indicator milestones milestone observed
  call 201 POST /v1/organisations '{"name": "烟测街道办事处（模拟）", "roles": ["purchaser"], "simulated": true}'
  purchaser=$(value 'r["id"]')
  call 201 POST /v1/organisations '{"name": "烟测养老服务中心（模拟）", "roles": ["provider"], "simulated": true}'
  provider=$(value 'r["id"]')
  call 201 POST /v1/contracts @- <<B
{"region": "CN-230102", "title": "居家养老服务（模拟数据）", "simulated": true, "purchaser_id": "$purchaser", "provider_id": "$provider",
 "service_category": "A04", "value": "120000.00", "budget": "120000.00", "starts_on": "2026-01-01", "ends_on": "2026-12-31",
 "procurement_method": "open", "tenderers": 3, "beneficiary_population": 400,
 "indicators": [
  {"code": "O1", "name": "服务人次", "level": "output", "aspect": "quantity", "unit": "人次", "target": "1000", "weight": "60"},
  {"code": "O2", "name": "响应天数", "level": "output", "aspect": "timeliness", "unit": "天", "direction": "lower", "target": "3", "zero_at": "10", "weight": "40"},
  {"code": "B1", "name": "受益家庭比例", "level": "benefit", "aspect": "social", "unit": "%", "target": "80", "weight": "30"},
  {"code": "S1", "name": "服务对象满意度", "level": "satisfaction", "aspect": "satisfaction", "unit": "分", "target": "90", "weight": "10"}],
 "milestones": [
  {"code": "M1", "title": "全年服务", "kind": "delivery", "percentage": "100"},
  {"code": "P1", "title": "一次付清", "kind": "financing", "percentage": "100"}]}
B
  CONTRACT=$(value 'r["contract_id"]')
  indicators=$(value '" ".join(i["code"] + "=" + i["indicator_id"] for i in r["indicators"])')
  milestones=$(value '" ".join(m["milestone_id"] for m in r["milestones"])')
  call 200 POST "/v1/contracts/$CONTRACT/submit"
  call 200 POST "/v1/contracts/$CONTRACT/activate" "{\"signed_on\": \"2026-01-01\", \"contract_number\": \"SMOKE-$CONTRACT\"}"
  call 409 POST "/v1/contracts/$CONTRACT/complete" # and the refusal names what is missing
  [ "$(value 'r["type"], len(r["missing"]) >= 4')" = "('/problems/contract-not-completable', True)" ] ||
    fail "the refusal does not say what is missing: $(cat "$REPLY")"
  for indicator in $indicators; do
    case $indicator in O1=*) observed=950 ;; O2=*) observed=3 ;; B1=*) observed=80 ;; *) continue ;; esac
    call 201 POST "/v1/contracts/$CONTRACT/observations" "{\"indicator_id\": \"${indicator#*=}\", \"value\": \"$observed\", \"observed_on\": \"$TODAY\"}"
  done
  for milestone in $milestones; do
    call 200 POST "/v1/contracts/$CONTRACT/milestones/$milestone/report" "{\"status\": \"met\", \"met_on\": \"$TODAY\"}"
  done
  call 201 POST "/v1/contracts/$CONTRACT/acceptances" "{\"result\": \"accepted\", \"accepted_on\": \"$TODAY\", \"accepted_value\": \"120000.00\",
    \"opinion\": {\"kind\": \"onSite\", \"people\": 20, \"satisfied\": 18}}"
  call 201 POST "/v1/contracts/$CONTRACT/ledger" "{\"kind\": \"payment\", \"amount\": \"120000.00\", \"booked_on\": \"$TODAY\", \"voucher\": \"V-1\"}"
  call 200 POST "/v1/contracts/$CONTRACT/complete"
  [ "$(value 'r["state"]')" = completed ] || fail "not completed"
  # Execution 10, output 50 x (0.6 x 95 + 0.4 x 100) %, benefit 30; satisfaction is held and counts 0.
  until_true 30 "the score after the completion" score_is "$CONTRACT" completion/88.500000
  say "completed $CONTRACT: score 88.500000"
}

hear_citizens() { # answers for the wave that the completion opened, until the score has their voice; sets WAVE
  local contract=$1 submission
  wave_is_open() { answers "/v1/waves?contract_id=$contract&state=open" && [ "$(value 'len(r["items"])')" = 1 ]; }
  until_true 30 "the completion wave" wave_is_open
  WAVE=$(value 'r["items"][0]["id"]')
  submission=$(uuid4)
  call 201 PUT "/v1/waves/$WAVE/responses/$submission" '{"answers": {"overall": 5}}'
  call 200 PUT "/v1/waves/$WAVE/responses/$submission" '{"answers": {"overall": 5}}' # the same again is confirmed
  call 409 PUT "/v1/waves/$WAVE/responses/$submission" '{"answers": {"overall": 1}}'
  # Not in whole seconds: that could be before the wave opened, a moment ago.
  python3 - >"$STATE/batch.json" <<'P'
import json, uuid
from datetime import datetime, timezone
collected_at = datetime.now(timezone.utc).isoformat()
overall = [5] * 39 + [4] * 40 + [3] * 20
print(json.dumps({"items": [{"submission_id": str(uuid.uuid4()), "answers": {"overall": value}, "enumerator_id": "smoke",
                             "collected_at": collected_at} for value in overall]}))
P
  call 200 POST "/v1/waves/$WAVE/responses:batch" "@$STATE/batch.json"
  [ "$(value 'r["created"]')" = 99 ] || fail "not all answers were taken: $(head -c 600 "$REPLY")"
  call 200 POST "/v1/waves/$WAVE/close"
  # Mean 4.2 of 5 is an index of 80; 80 of the agreed 90 are 88.888889 % of 10 points.
  until_true 30 "the score with the citizens' voice" score_is "$contract" completion/97.388889
  say "wave $WAVE closed with 100 answers: score 97.388889"
}

on_the_stream() { # CONTRACT: the live stream, resumed from its beginning, has a change of this contract's score
  grep --quiet --max-count 1 "$1" < <(curl --silent --no-buffer --max-time 15 --header "@$STATE/headers" \
    --header 'Last-Event-ID: 0' "$GATEWAY/v1/streams/scores?region=CN-230102") || fail "the live stream has nothing about $1"
}

stored() { # CONTRACT WAVE DETERMINATION: what must never change by itself
  local framework field
  call 200 GET "/v1/contracts/$1"; value '(r["state"], r["version"], r["ended_at"], r["title"])'
  call 200 GET "/v1/waves/$2/results"; value '(r["n"], r["sha256"])'
  call 200 GET "/v1/determinations/$3"; value '(r["document_number"], r["score"], r["grade"], r["content_hash"], r["would_now_be"])'
  for framework in cn-self-evaluation four-questions; do
    for field in score grade content_hash chain_hash version; do head_of "$1" "$framework" "$field"; done
  done
}

# Each service answers through the gateway; after a crash this also replaces connections to what is gone.
become bootstrap "$(cat "$HERE/secrets/bootstrap_client_secret")"
for path in /v1/catalogue /v1/instruments /v1/frameworks; do until_true 30 "$path" answers "$path"; done

if [ "$PHASE" != first ]; then
  become "$(cat "$STATE/client")" "$(cat "$STATE/secret")"
  read -r contract wave determination <"$STATE/contract"
  stored "$contract" "$wave" "$determination" >"$STATE/now"
  diff "$STATE/stored" "$STATE/now" || fail "stored data changed"
  say "everything of $contract is as it was"
else
  # The operator makes a client that may do the purchaser's and the finance department's work, and nothing else.
  call 201 POST /v1/clients "{\"name\": \"smoke $(uuid4)\", \"roles\": [\"finance\", \"purchaser\"], \"regions\": [\"CN-23\"]}"
  value 'r["id"]' >"$STATE/client"
  value 'r["client_secret"]' >"$STATE/secret"
  nobody
  call 401 GET /v1/contracts
  become "$(cat "$STATE/client")" "$(cat "$STATE/secret")"
fi

main_job
hear_citizens "$CONTRACT"
if [ "$PHASE" = first ]; then
  call 201 POST /v1/determinations "{\"contract_id\": \"$CONTRACT\", \"framework_id\": \"cn-self-evaluation\", \"document_number\": \"SMOKE-1\"}"
  determination=$(value 'r["id"]')
  say "determined: $(value '"%s (%s), %s" % (r["score"], r["grade"], r["document_number"])')"
  printf '%s %s %s\n' "$CONTRACT" "$WAVE" "$determination" >"$STATE/contract"
  stored "$CONTRACT" "$WAVE" "$determination" >"$STATE/stored"
fi
call 200 GET "/v1/contracts/$CONTRACT/dossier"
[ "$(value 'r["complete"]')" = True ] || fail "the dossier is not complete: $(head -c 600 "$REPLY")"
on_the_stream "$CONTRACT"
say "smoke: $PHASE passed"
